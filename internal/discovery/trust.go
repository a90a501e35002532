// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// trust reads cluster-info again over TLS that its own CA verifies, and follows the joiner to cluster-info's server. It
// returns the client that may send the token, or nil.
func (r *replay) trust(ctx context.Context, unverified *kube.Client) *kube.Client {
	if !r.passed(stepPin) {
		return nil
	}
	switch {
	case r.insecure():
		r.add(stepVerifiedRead, Skipped, "", "%s does not read again when no CA is pinned", r.joiner.Program())
	case !r.passed(stepTLS):
		r.add(stepVerifiedRead, Skipped, "", "nobody verifies this certificate: see the step %s", stepTLS)
		return nil
	default:
		trusted, err := unverified.WithCA(r.info.CA)
		if err != nil || !r.readAgain(ctx, trusted) {
			return nil
		}
		if !r.joiner.FollowsServer {
			return r.signedOrPinned(trusted)
		}
	}
	return r.signedOrPinned(r.followServer(ctx))
}

// signedOrPinned returns nil if neither a pin nor the signature proves the identity of the server.
func (r *replay) signedOrPinned(c *kube.Client) *kube.Client {
	if r.unpinned() && r.info.Signature(r.attempt.Token) != Signed {
		return nil
	}
	return c
}

// readAgain reports whether cluster-info is the same over verified TLS.
func (r *replay) readAgain(ctx context.Context, trusted *kube.Client) bool {
	cm, err := r.clusterInfo(ctx, trusted)
	switch {
	case r.unanswered(stepVerifiedRead, "whether cluster-info is the same over verified TLS", err):
	case err != nil:
		r.add(stepVerifiedRead, Failed, authorityHint(err, "the serving certificate is wrong: see the cause"),
			"%s cannot be verified with the CA in cluster-info: %v", r.attempt.Endpoint.HostPort(), shortCause(err))
	case cm.Data[bootstrapapi.KubeConfigKey] != r.info.Kubeconfig:
		r.add(stepVerifiedRead, Failed, "try again; if it happens again, servers behind this address differ, or someone tampers with the connection",
			"cluster-info was another one at the second reading, over verified TLS")
	default:
		r.ok(stepVerifiedRead, "the same cluster-info, over TLS that its CA verifies")
		return true
	}
	return false
}

// followServer connects to cluster-info's server, at which the joiner continues.
func (r *replay) followServer(ctx context.Context) *kube.Client {
	c, err := kube.NewUnverified(r.info.Server, r.UserAgent, r.Now)
	if err == nil {
		c, err = c.WithCA(r.info.CA)
	}
	if err == nil && c.Server().Scheme != "https" {
		r.add(stepServer, Failed, "correct the server in cluster-info on the control plane: it has to be https://HOST:PORT",
			"%s continues at cluster-info's server %q, and would send the token without TLS: check sends nothing there", r.joiner.Program(), r.info.Server)
		return nil
	}
	if err == nil {
		if _, err = r.clusterInfo(ctx, c); answeredOverTLS(err) {
			err = nil
		}
	}
	if r.unanswered(stepServer, "whether cluster-info's server "+r.info.Server+" works", err) {
		return nil
	}
	if err != nil {
		const fix = "cluster-info has to name an address that nodes reach and that the serving certificate covers: correct its server on the control plane"
		r.add(stepServer, Failed, authorityHint(err, fix),
			"%s continues at cluster-info's server %q, which does not work from here: %v", r.joiner.Program(), r.info.Server, shortCause(err))
		return nil
	}
	r.ok(stepServer, "%s continues at %s, which answers", r.joiner.Program(), r.info.Server)
	return c
}

// answeredOverTLS reports whether an error is in the answer to a request, and not one of the connection.
func answeredOverTLS(err error) bool {
	return isStatus(err) || !failure.IsTransport(err) && failure.ReasonOf(err) != failure.Timeout
}
