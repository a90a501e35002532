// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// apiServer is a running kube-apiserver.
type apiServer struct {
	url  string
	stop func() // stops the server and waits for at most 5 s
}

// startAPIServer starts kube-apiserver on a free port. It returns before the
// server answers requests. If the server stops with an error, it calls fail.
func startAPIServer(ctx context.Context, o options, fail func(error)) (*apiServer, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	opts, err := completeAPIServer(ctx, o, listener)
	if err != nil {
		cancel()
		_ = listener.Close()
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := app.Run(ctx, opts); err != nil {
			fail(fmt.Errorf("kube-apiserver: %w", err))
		}
	}()
	return &apiServer{url: "https://" + listener.Addr().String(), stop: func() {
		cancel()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
		}
	}}, nil
}

// completeAPIServer converts the options to kube-apiserver options for a server on listener.
func completeAPIServer(ctx context.Context, o options, listener net.Listener) (apiserver.CompletedOptions, error) {
	var none apiserver.CompletedOptions
	s := apiserver.NewServerRunOptions()
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range s.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(apiServerFlags(o)); err != nil {
		return none, err
	}
	s.SecureServing.Listener = listener
	// Otherwise the server looks for a non-loopback address.
	s.SecureServing.ExternalAddress = net.IPv4(127, 0, 0, 1)
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return none, err
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return none, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
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
