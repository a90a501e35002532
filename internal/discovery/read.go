// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"net/url"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// read reads cluster-info with a client that verifies nothing. While it or its signature is missing, it reads again until
// the wait is over. It reports whether the joiner can use cluster-info.
func (r *replay) read(ctx context.Context, unverified *kube.Client) bool {
	waiting, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	trace := &connTrace{}
	for pause := firstPoll; ; pause = min(2*pause, maxPoll) {
		cm, err := r.clusterInfo(httptrace.WithClientTrace(ctx, trace.hooks()), unverified)
		if r.missing(cm, err) && sleep(waiting, pause) {
			continue
		}
		r.recordSkew(unverified)
		if !r.connected(trace, err) {
			return false
		}
		return r.answered(cm, err)
	}
}

// missing reports whether cluster-info or its signature is missing, and may still appear.
func (r *replay) missing(cm *corev1.ConfigMap, err error) bool {
	if err != nil {
		return failure.ReasonOf(err) == failure.NotFound
	}
	return !r.attempt.Token.IsZero() && cm.Data[bootstrapapi.JWSSignatureKeyPrefix+r.attempt.Token.ID] == ""
}

func (r *replay) clusterInfo(ctx context.Context, c *kube.Client) (*corev1.ConfigMap, error) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	return c.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
}

// sleep waits for a pause. It returns false if the context ended before.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// answered checks the answer to a request without a credential.
func (r *replay) answered(cm *corev1.ConfigMap, err error) bool {
	if err == nil {
		r.ok(stepClusterInfo, "read without a credential")
		read := parse
		if r.insecure() {
			read = parseLax
		}
		info, err := read(cm.Data, r.attempt.Joiner)
		if err != nil {
			r.add(stepKubeconfig, Failed, "the control plane's cluster-info has to hold a kubeconfig with one cluster, its server and its CA; kubeadm init phase bootstrap-token and karmadactl init write it",
				"cluster-info: %v", err)
			return false
		}
		r.info = info
		return true
	}
	if r.unanswered(stepClusterInfo, "whether cluster-info can be read", err) {
		return false
	}
	if notAPI(err) {
		r.add(stepClusterInfo, Failed, notAPIFix,
			"what answers at %s is no Kubernetes API server: %v", r.attempt.Endpoint.HostPort(), shortCause(err))
		return false
	}
	switch failure.ReasonOf(err) {
	case failure.Unauthorized:
		r.add(stepClusterInfo, Failed, readHint(err), "anonymous requests are refused (401), so nobody can read cluster-info before joining")
	case failure.Forbidden:
		r.add(stepClusterInfo, Failed, readHint(err), "anonymous requests may not read cluster-info (403): %v", err)
	case failure.NotFound:
		r.add(stepClusterInfo, Failed, readHint(err), "there is no cluster-info in kube-public (404)")
	default:
		r.add(stepClusterInfo, Failed, wireFix(err, "joiners retry until they time out: look at the API server"), "cluster-info cannot be read: %v", shortCause(err))
	}
	return false
}

const notAPIFix = "something else answers in place of the API server: a proxy (HTTPS_PROXY, NO_PROXY), a load balancer or a web server"

// notAPI reports whether something else than an API server answered.
func notAPI(err error) bool {
	_, known := errors.AsType[*apierrors.StatusError](err)
	reason := failure.ReasonOf(err)
	return apierrors.IsUnexpectedServerError(err) || !known && (reason == failure.Internal || reason == failure.Unsupported)
}

// checkServer compares the server in cluster-info with the endpoint.
func (r *replay) checkServer() {
	const fix = "cluster-info has to name an address that members reach: correct its server on the control plane"
	endpoint, program := r.attempt.Endpoint, r.joiner.Program()
	u, err := url.Parse(r.info.Server)
	var inside join.Endpoint
	if err == nil {
		inside, err = join.EndpointOf(u)
	}
	switch {
	case len(r.info.CA) == 0:
		r.add(stepKubeconfig, Warning, "put the CA of the control plane into cluster-info", "there is no CA in cluster-info, so %s trusts the CAs of this machine", program)
	case !r.joiner.FollowsServer && (err != nil || inside != endpoint):
		r.add(stepKubeconfig, Warning, fmt.Sprintf("use %s %s or later, or have cluster-info name the endpoint: joinctl setup --force --endpoint %s, on the control plane",
			r.joiner.Command[0], r.joiner.StaysSince, endpoint.HostPort()),
			"cluster-info's server %q is not the endpoint: %s stays at the endpoint since %s, and earlier releases continue at the server",
			r.info.Server, program, r.joiner.StaysSince)
	case err != nil:
		r.add(stepKubeconfig, Warning, fix, "%s continues at cluster-info's server %q: %v", program, r.info.Server, err)
	case inside == endpoint:
		r.ok(stepKubeconfig, "one cluster with a CA; its server is the endpoint")
	case inside.Caveat() != "":
		r.add(stepKubeconfig, Warning, fix, "%s continues at cluster-info's server %s, which is %s", program, inside.HostPort(), inside.Caveat())
	default:
		r.ok(stepKubeconfig, "a cluster with a CA; %s continues at its server, %s", program, inside.HostPort())
	}
}

// otherHash says what a pin is a hash of, if it belongs to the CA in cluster-info and is no pin; else "".
func (r *replay) otherHash() string {
	hashes := map[join.Pin]string{join.HashOf(r.info.CA): "the hash of the CA's PEM file"}
	for _, certificate := range r.info.Certificates {
		hashes[join.HashOf(certificate.Raw)] = "the fingerprint of the CA's certificate"
	}
	for _, pin := range r.attempt.Pins {
		if what := hashes[pin]; what != "" {
			return what
		}
	}
	return ""
}

// pin compares the pins with the CA in cluster-info.
func (r *replay) pin() {
	found, matched := r.info.Pins(), 0
	for _, pin := range r.attempt.Pins {
		if slices.Contains(found, pin) {
			matched++
		}
	}
	switch {
	case matched > 0 && matched < len(r.attempt.Pins):
		r.ok(stepPin, "%d of %d pins are of a CA in cluster-info; one is enough", matched, len(r.attempt.Pins))
	case matched > 0:
		r.ok(stepPin, "the CA in cluster-info is pinned")
	case r.unpinned():
		r.add(stepPin, Warning, "join with --discovery-token-ca-cert-hash and what joinctl ca-hash prints on the control plane",
			"no CA is pinned: whoever else holds the token can pose as the control plane")
	case len(r.attempt.Pins) == 0:
		r.add(stepPin, Skipped, "", "there is no well-formed pin to compare")
	case r.otherHash() != "":
		r.add(stepPin, Failed, "take the pin that joinctl ca-hash prints: it is the hash of the CA's public key", "the pin is %s", r.otherHash())
	default:
		r.add(stepPin, Failed, "make sure that this is the control plane that was meant, then take the pin that joinctl ca-hash prints on it",
			"the CA in cluster-info is not a pinned one: this may be another control plane, or someone who poses as it")
	}
}
