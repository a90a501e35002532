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

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	// fullSize is what all of a ConfigMap's data may weigh, in bytes (k8s.io/kubernetes/pkg/apis/core/validation).
	fullSize = 1 << 20
	// crowded is where that is too near: some 9,800 signatures fit.
	crowded = fullSize * 9 / 10
	// knock is how long a server that cluster-info names may take to answer.
	knock = 3 * time.Second
)

// clusterInfo reads cluster-info as the administrator.
func (e *examination) clusterInfo(ctx context.Context) error {
	info, err := discovery.Read(ctx, e.c, e.joiner)
	switch failure.ReasonOf(err) {
	case "":
		e.info = info
	case failure.NotFound:
		e.report("cluster-info", Error, e.maker(), "there is no configmap kube-public/cluster-info: this control plane is not set up for joining by token")
		return nil
	case failure.Invalid:
		e.report("cluster-info", Error, "joinctl setup --force writes it anew", "%v", err)
		return nil
	default:
		return err
	}
	size := len(bootstrapapi.KubeConfigKey) + len(info.Kubeconfig)
	for id, signature := range info.Signatures {
		size += len(bootstrapapi.JWSSignatureKeyPrefix) + len(id) + len(signature)
	}
	if size > crowded {
		e.report("cluster-info-size", Warning, "delete tokens: a signature for each takes its room, and a full ConfigMap takes no more",
			"cluster-info has %d of at most %d bytes, with %d signatures", size, fullSize, len(info.Signatures))
	}
	return nil
}

// maker says what makes cluster-info.
func (e *examination) maker() string {
	if e.joiner == join.Kubeadm {
		return "kubeadm init phase bootstrap-token makes it"
	}
	return "joinctl setup --endpoint HOST:PORT makes it; karmada-operator does not, nor do old releases of the Helm chart"
}

// anonymous reads cluster-info without a credential. Only an Unauthorized tells something here: the rest is judged
// elsewhere.
func (e *examination) anonymous(ctx context.Context) error {
	stranger, err := e.c.Anonymous()
	if err != nil {
		return err
	}
	_, err = stranger.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
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

// server judges the address in cluster-info, where kubeadm goes on after discovery, and the CA.
func (e *examination) server(ctx context.Context) error {
	if e.info == nil {
		return nil
	}
	const check, remedy = "cluster-info-server", "joinctl setup --force --endpoint HOST:PORT names another"
	severity := Warning // karmadactl register stays at the address on its command line
	if e.joiner == join.Kubeadm {
		severity = Error
	}
	endpoint, err := endpointIn(e.info)
	if err != nil {
		e.report(check, severity, remedy, "cluster-info names %q: %v", e.info.Server, err)
		return e.authority(ctx, e.c)
	}
	if caveat := endpoint.Caveat(); caveat != "" {
		e.report(check, severity, remedy+"; Helm charts of Karmada write a Service's name", "cluster-info names %s, %s", endpoint.HostPort(), caveat)
		return e.authority(ctx, e.c)
	}
	if addr, err := netip.ParseAddr(endpoint.Host); err == nil && (addr.IsPrivate() || addr.IsLinkLocalUnicast()) {
		e.report(check, Info, remedy, "cluster-info names %s, a private address: only the networks that it belongs to reach it", endpoint.HostPort())
	}
	member, err := e.c.WithEndpoint(endpoint.HostPort())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, knock)
	defer cancel()
	err = e.visit(ctx, member)
	var hostErr x509.HostnameError
	switch {
	case errors.As(err, &hostErr):
		e.report(check, severity, remedy+", or add this one to the names of the server's certificate", "cluster-info names %s: %v", endpoint.HostPort(), hostErr)
	case isOther(err):
		e.otherCA(endpoint.HostPort())
	case failure.IsTransport(err):
		e.report(check, Warning, remedy+", unless only this machine cannot reach it", "cluster-info names %s, which does not answer here: %v", endpoint.HostPort(), err)
	}
	return nil
}

// authority judges the CA in cluster-info by the server that this client talks to.
func (e *examination) authority(ctx context.Context, c *kube.Client) error {
	stranger, err := c.Anonymous()
	if err != nil {
		return err
	}
	if isOther(e.visit(ctx, stranger)) {
		e.otherCA(c.Server().Host)
	}
	return nil
}

// visit reads cluster-info as a joiner would, over TLS that its own CA verifies.
func (e *examination) visit(ctx context.Context, member *kube.Client) error {
	member, err := member.WithCA(e.info.CA)
	if err != nil {
		return err
	}
	_, err = member.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	return err
}

func (e *examination) otherCA(at string) {
	e.report("cluster-info-ca", Error, "cluster-info has to carry the CA that signed the serving certificate: joinctl setup --force writes the kubeconfig's",
		"the CA in cluster-info did not sign the certificate at %s", at)
}

func isOther(err error) bool {
	var caErr x509.UnknownAuthorityError
	return errors.As(err, &caErr)
}
