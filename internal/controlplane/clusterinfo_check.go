// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	maxInfoSize  = 1 << 20              // of all data of a ConfigMap, in bytes (k8s.io/kubernetes/pkg/apis/core/validation)
	bigInfoSize  = maxInfoSize * 9 / 10 // worth a warning; some 9,800 signatures fit
	probeTimeout = 3 * time.Second      // for an answer of the server in cluster-info
)

// clusterInfo reads cluster-info as the administrator.
func (e *examination) clusterInfo(ctx context.Context) error {
	info, err := discovery.Read(ctx, e.c, e.joiner.Joiner)
	switch failure.ReasonOf(err) {
	case "":
		e.info = info
	case failure.NotFound:
		e.report("cluster-info", Error, e.joiner.SetUp.ClusterInfo, "there is no configmap kube-public/cluster-info: this control plane is not set up for joining by token")
		return nil
	case failure.Invalid:
		e.report("cluster-info", Error, "joinctl setup --force writes a new one", "%v", err)
		return nil
	default:
		return err
	}
	size := len(bootstrapapi.KubeConfigKey) + len(info.Kubeconfig)
	for id, signature := range info.Signatures {
		size += len(bootstrapapi.JWSSignatureKeyPrefix) + len(id) + len(signature)
	}
	if size > bigInfoSize {
		e.report("cluster-info-size", Warning, "delete tokens: cluster-info has a signature for each token, and a full ConfigMap accepts no more",
			"cluster-info has %d of at most %d bytes, with %d signatures", size, maxInfoSize, len(info.Signatures))
	}
	return e.authorityDates(ctx)
}

// anonymous reads cluster-info without a credential. It only reports an Unauthorized; other checks report the other errors.
func (e *examination) anonymous(ctx context.Context) error {
	anonymous, err := e.c.Anonymous()
	if err != nil {
		return err
	}
	_, err = anonymous.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	switch failure.ReasonOf(err) {
	case failure.Unauthorized:
		e.report("anonymous-auth", Error, "kube-apiserver needs --anonymous-auth, or an AuthenticationConfiguration that lets anonymous requests to cluster-info through",
			"requests without a credential are refused, and joiners have none at first")
	case "", failure.Forbidden, failure.NotFound:
	default:
		return fmt.Errorf("read cluster-info without a credential: %w", err)
	}
	return nil
}

// server checks the server in cluster-info, and the CA.
func (e *examination) server(ctx context.Context) error {
	if e.info == nil {
		return nil
	}
	const check, fix = "cluster-info-server", "joinctl setup --force --endpoint HOST:PORT names another"
	severity := Warning
	if e.joiner.FollowsServer {
		severity = Error
	}
	endpoint, err := endpointIn(e.info)
	if err != nil {
		e.report(check, severity, fix, "cluster-info names %q: %v", e.info.Server, err)
		return e.authority(ctx, e.c)
	}
	if endpoint.Caveat() != "" {
		if e.isLab(ctx, endpoint) {
			severity = Info
		}
		e.reportCaveat(check, severity, fix, endpoint)
		return e.authority(ctx, e.c)
	}
	if addr, err := netip.ParseAddr(endpoint.Host); err == nil && (addr.IsPrivate() || addr.IsLinkLocalUnicast()) {
		e.report(check, Info, fix, "cluster-info names %s, a private address: only its own networks reach it", endpoint.HostPort())
	}
	member, err := e.c.WithEndpoint(endpoint.HostPort())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err = e.readAsJoiner(ctx, member)
	var (
		hostErr x509.HostnameError
		invalid *certificate.Error
	)
	switch {
	case errors.As(err, &hostErr):
		e.report(check, severity, fix+", or add this one to the names of the server's certificate", "cluster-info names %s: %v", endpoint.HostPort(), hostErr)
	case e.authorityFails(err, endpoint.HostPort()):
	case errors.As(err, &invalid):
		e.report(check, severity, invalid.Hint(discovery.AuthorityFix), "cluster-info names %s: %v", endpoint.HostPort(), invalid)
	case failure.IsTransport(err):
		e.report(check, Warning, fix+", unless only this machine cannot reach it", "cluster-info names %s, which does not answer from here: %v", endpoint.HostPort(), err)
	}
	return nil
}

// reportCaveat reports a server in cluster-info that other machines are unlikely to reach. Karmada's Helm chart writes the name
// of a Service. A joiner that stays at the endpoint of its command never goes there.
func (e *examination) reportCaveat(check string, severity Severity, fix string, endpoint join.Endpoint) {
	if endpoint.IsService() && !e.joiner.FollowsServer {
		e.report(check, Info, fix, "cluster-info names %s, %s; %s stays at the endpoint of its command (not before %s)",
			endpoint.HostPort(), endpoint.Caveat(), e.joiner.Program(), e.joiner.StaysSince)
		return
	}
	e.report(check, severity, fix, "cluster-info names %s, %s", endpoint.HostPort(), endpoint.Caveat())
}

// authority checks the CA in cluster-info with the server of this client.
func (e *examination) authority(ctx context.Context, c *kube.Client) error {
	anonymous, err := c.Anonymous()
	if err != nil {
		return err
	}
	e.authorityFails(e.readAsJoiner(ctx, anonymous), c.Server().Host)
	return nil
}

// readAsJoiner reads cluster-info over TLS that its own CA verifies.
func (e *examination) readAsJoiner(ctx context.Context, member *kube.Client) error {
	member, err := member.WithCA(e.info.CA)
	if err != nil {
		return err
	}
	_, err = member.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	return err
}
