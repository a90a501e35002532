// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// etcdURL is the address of etcd: a socket in the working directory.
const etcdURL = "unix://etcd.sock"

// A component is a running etcd or kube-apiserver: in this process, or with the build tag envtest a process of its own.
type component struct {
	stop  func() // stops it when it is ready, and waits for at most 5 s
	abort func() // ends it before it is ready
}

// apiServerFlags returns the options as kube-apiserver flags.
func apiServerFlags(o options) []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--client-ca-file=ca.crt",
		"--tls-cert-file=apiserver.crt",
		"--tls-private-key-file=apiserver.key",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=sa.key",
		"--service-account-signing-key-file=sa.key",
		"--service-account-max-token-expiration=" + o.maxTokenExpiration.String(),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--endpoint-reconciler-type=none",
		// An aggregated API server trusts only requests with this client certificate to name a user in their headers.
		"--requestheader-client-ca-file=front-proxy-ca.crt",
		"--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=front-proxy-client.crt",
		"--proxy-client-key-file=front-proxy-client.key",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		fmt.Sprintf("--anonymous-auth=%t", o.anonymousAuth),
		fmt.Sprintf("--enable-bootstrap-token-auth=%t", o.bootstrapAuth),
		"--audit-policy-file=" + o.auditPolicy,
		"--audit-log-path=" + o.auditLog,
		"--profiling=false",
	}
}
