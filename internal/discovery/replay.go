// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// requestTimeout is how long one request may take, the connection included. The joiners wait for 10 seconds
// (cmd/kubeadm/app/util/kubeconfig, ToClientSet; karmada pkg/karmadactl/register/register.go); a second less lets a check of an
// address that does not answer end within 10 seconds.
const requestTimeout = 9 * time.Second

// A Member is the machine from which a cluster or a node joins.
type Member struct {
	UserAgent string
	Now       func() time.Time // its clock
	Rand      io.Reader        // cryptographically strong
	Wait      time.Duration    // how long to retry while cluster-info or its signature is missing

	timeout time.Duration // of one request; 0: requestTimeout
}

// Replay takes the steps of a joiner up to the first one that would change something, and returns all steps in order. It
// waits for each answer for 9 seconds, about as long as a joiner does. The server stores nothing. Replay sends the token only to a
// server with a certificate that the CA in cluster-info signed, after the pin matched; if the joiner needs no pin, after the
// signature matched.
func (m Member) Replay(ctx context.Context, attempt join.Attempt) []Step {
	r := &replay{Member: m, attempt: attempt, joiner: attempt.Joiner.Description(), steps: steps{}}
	r.arguments()
	if !attempt.Endpoint.IsZero() {
		r.discover(ctx)
	}
	r.finish()
	return r.inOrder(attempt.Joiner)
}

// A replay is one run of Replay.
type replay struct {
	Member
	steps
	attempt   join.Attempt
	joiner    join.Description
	info      *ClusterInfo
	skew      time.Duration // of this machine's clock, as from kube.Client.Skew
	skewKnown bool          // an answer had the server's time
}

// arguments checks the values on the command line.
func (r *replay) arguments() {
	what := "endpoint, token and pins are well formed"
	if len(r.attempt.Pins) == 0 {
		what = "endpoint and token are well formed"
	}
	if len(r.attempt.NotChecked) > 0 {
		what += "; not checked: " + strings.Join(r.attempt.NotChecked, ", ")
	}
	if len(r.attempt.Faults) == 0 {
		r.ok(stepArguments, "%s", what)
		return
	}
	var faults []string
	for _, fault := range r.attempt.Faults {
		faults = append(faults, fault.Error())
	}
	r.add(stepArguments, Failed, "copy the command again, as it was printed; joinctl token command prints it once more", "%s", strings.Join(faults, "; "))
}

// discover takes the steps from the connection to the last request with the token.
func (r *replay) discover(ctx context.Context) {
	unverified, err := kube.NewUnverified("https://"+r.attempt.Endpoint.HostPort(), r.UserAgent, r.Now)
	if err != nil {
		r.add(stepClusterInfo, Failed, "", "%v", err)
		return
	}
	if !r.read(ctx, unverified) {
		return
	}
	r.checkServer()
	r.pin()
	trusted := r.trust(ctx, unverified)
	if r.attempt.Token.IsZero() {
		return
	}
	r.evaluate(r.authenticate(ctx, trusted))
}

// finish reports the clock and the time left.
func (r *replay) finish() {
	switch {
	case !r.skewKnown:
		r.add(stepClock, Skipped, "", "no answer had the server's time (a Date header)")
	case r.skew != 0:
		r.add(stepClock, Warning, "set this machine's clock, by NTP for example: certificates and tokens may seem expired, or not yet valid",
			"%s", failure.Skew(r.skew))
	default:
		r.ok(stepClock, "this machine's clock is within 30s of the server's")
	}
	const fix = "joinctl token list, on the control plane, shows when it expires"
	if r.passed(stepAuthentication) {
		r.add(stepTimeLeft, Skipped, fix, "the server accepts the token now; a token cannot read its own expiry")
		return
	}
	r.add(stepTimeLeft, Skipped, fix, "a token cannot read its own expiry")
}

// recordSkew records the clock skew that a client measured.
func (r *replay) recordSkew(c *kube.Client) { r.skew, r.skewKnown = c.Skew(), c.SkewKnown() }

// bounded sets the timeout of one request.
func (m Member) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(m.timeout, requestTimeout))
}

// unanswered records a step as Unknown if its request was sent and the answer did not come in time, or asks to try again
// later: a joiner that sends the same request may get an answer. It reports whether it recorded the step.
func (r *replay) unanswered(step, what string, err error) bool {
	if !apierrors.IsTooManyRequests(err) && (failure.ReasonOf(err) != failure.Timeout || failure.IsNotSent(err)) {
		return false
	}
	r.add(step, Unknown, "check again, and look at the load of the API server: joiners wait for an answer for 10s",
		"%s cannot be told: %v", what, shortCause(err))
	return true
}

// reached returns the address of the endpoint, with the proxy in front of it.
func (r *replay) reached(proxy string) string {
	if proxy == "" {
		return r.attempt.Endpoint.HostPort()
	}
	return fmt.Sprintf("%s through the proxy %s", r.attempt.Endpoint.HostPort(), proxy)
}
