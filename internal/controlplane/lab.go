// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptrace"
	"slices"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// isLab reports whether the whole control plane is on a loopback interface: cluster-info and the kubeconfig name one loopback
// address, and the serving certificate has no other. Behind a tunnel the certificate has the addresses that members use.
func (e *examination) isLab(ctx context.Context, endpoint join.Endpoint) bool {
	own, err := join.EndpointOf(e.c.Server())
	if err != nil || !own.IsLoopback() || !endpoint.IsLoopback() || own.Port != endpoint.Port {
		return false
	}
	leaf := servingCertificate(ctx, e.c)
	return leaf != nil && !slices.ContainsFunc(leaf.IPAddresses, func(ip net.IP) bool { return !ip.IsLoopback() }) &&
		!slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return (join.Endpoint{Host: name}).Caveat() == "" })
}

// servingCertificate returns the certificate that the server shows to this client, nil if there is none.
func servingCertificate(ctx context.Context, c *kube.Client) *x509.Certificate {
	var leaf *x509.Certificate
	trace := httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if conn, ok := info.Conn.(*tls.Conn); ok {
			leaf = conn.ConnectionState().PeerCertificates[0]
		}
	}}
	_, _ = c.Version(httptrace.WithClientTrace(ctx, &trace)) // any answer will do
	return leaf
}
