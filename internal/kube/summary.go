// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// A ContextSummary is what a kubeconfig says about a context, as it stands there: nothing is read or asked for it.
type ContextSummary struct {
	Cluster    string // name in the kubeconfig
	Server     string // URL
	Namespace  string // empty: none is set
	User       string // name in the kubeconfig
	Credential string // its kind, for people: token, client certificate, plugin aws …
}

// Summary describes a context. Every error is a *ConfigError: the kubeconfig has no such context, or not all of it.
func (k *Kubeconfig) Summary(context string) (ContextSummary, error) {
	if k.inCluster != nil {
		return ContextSummary{Cluster: InCluster, Server: k.inCluster.Host, Credential: "ServiceAccount token"}, nil
	}
	c := k.raw.Contexts[context]
	if c == nil {
		return ContextSummary{Server: k.source.Overrides.ClusterInfo.Server, Credential: credential(&k.source.Overrides.AuthInfo)}, nil
	}
	out := ContextSummary{Cluster: c.Cluster, Namespace: c.Namespace, User: c.AuthInfo, Credential: credential(k.user(context))}
	if c.AuthInfo != "" && k.user(context) == nil {
		return out, &failure.ConfigError{Err: fmt.Errorf("context %q: user %q does not exist", context, c.AuthInfo)}
	}
	cluster := k.cluster(context)
	if cluster == nil {
		return out, &failure.ConfigError{Err: fmt.Errorf("context %q: cluster %q does not exist", context, c.Cluster)}
	}
	out.Server = cluster.Server
	return out, nil
}

// credential names the kind of a user's credential, by client-go's precedence.
func credential(user *clientcmdapi.AuthInfo) string {
	switch {
	case user == nil:
		return ""
	case user.Exec != nil:
		return "plugin " + user.Exec.Command
	case user.AuthProvider != nil:
		return "auth provider " + user.AuthProvider.Name
	case user.Token != "" || user.TokenFile != "":
		return "token"
	case user.Username != "":
		return "password"
	case len(user.ClientCertificateData) > 0 || user.ClientCertificate != "":
		return "client certificate"
	}
	return ""
}
