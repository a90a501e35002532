// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"crypto/x509"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// trust reads cluster-info again over TLS that its own CA verifies, and goes on to cluster-info's server where the joiner
// does. It returns the client that the token may be sent with, or nil.
func (r *replay) trust(ctx context.Context, stranger *kube.Client) *kube.Client {
	if !r.passed(stepPin) {
		return nil
	}
	kubeadm := r.attempt.Joiner == join.Kubeadm
	switch {
	case kubeadm && r.unpinned():
		r.add(stepVerifiedRead, Skipped, "", "kubeadm join does not read again when no CA is pinned")
	case !r.passed(stepTLS):
		r.add(stepVerifiedRead, Skipped, "", "nobody verifies this certificate: see the step %s", stepTLS)
		return nil
	default:
		trusted, err := stranger.WithCA(r.info.CA)
		if err != nil || !r.readAgain(ctx, trusted) {
			return nil
		}
		if !kubeadm {
			return r.signedOrPinned(trusted)
		}
	}
	return r.signedOrPinned(r.goOn(ctx))
}

// signedOrPinned withholds the token where neither a pin nor the signature shows who the server is.
func (r *replay) signedOrPinned(c *kube.Client) *kube.Client {
	if r.unpinned() && r.info.Signature(r.attempt.Token) != Signed {
		return nil
	}
	return c
}

// readAgain reports whether cluster-info is the same over verified TLS.
func (r *replay) readAgain(ctx context.Context, trusted *kube.Client) bool {
	cm, err := clusterInfo(ctx, trusted)
	switch {
	case err != nil:
		remedy := "the serving certificate is at fault: see the cause"
		if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
			remedy = "cluster-info has to carry the CA that signed the API server's serving certificate: put that one in"
		}
		r.add(stepVerifiedRead, Failed, remedy, "%s cannot be verified with the CA in cluster-info: %v", r.attempt.Endpoint.HostPort(), shortCause(err))
	case cm.Data[bootstrapapi.KubeConfigKey] != r.info.Kubeconfig:
		r.add(stepVerifiedRead, Failed, "try again; if it happens again, servers behind this address differ, or someone tampers with the connection",
			"cluster-info was another one at the second reading, over verified TLS")
	default:
		r.ok(stepVerifiedRead, "the same cluster-info, over TLS that its CA verifies")
		return true
	}
	return false
}

// goOn follows kubeadm join to cluster-info's server.
func (r *replay) goOn(ctx context.Context) *kube.Client {
	c, err := kube.NewUnverified(r.info.Server, r.UserAgent, r.Now)
	if err == nil {
		c, err = c.WithCA(r.info.CA)
	}
	if err == nil {
		ctx, cancel := bounded(ctx)
		defer cancel()
		if _, err = c.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo); err != nil && !failure.IsTransport(err) && failure.ReasonOf(err) != failure.Timeout {
			err = nil // any answer will do: it came over verified TLS
		}
	}
	if err != nil {
		r.add(stepServer, Failed, "cluster-info has to name an address that nodes reach and that the serving certificate covers: correct its server on the control plane",
			"kubeadm join goes on at cluster-info's server %q, which does not work from here: %v", r.info.Server, shortCause(err))
		return nil
	}
	r.ok(stepServer, "kubeadm join goes on at %s, which answers", r.info.Server)
	return c
}
