// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	replayTimeout = 9 * time.Second // for all of Replay but the wait
	stepTimeout   = 4 * time.Second // for one request
)

// A Member is the machine from which a cluster or a node joins.
type Member struct {
	UserAgent string
	Now       func() time.Time // its clock
	Rand      io.Reader        // cryptographically strong
	Wait      time.Duration    // how long to look again for what is not there yet: cluster-info and its signature
}

// Replay does what a joiner does, up to where something would change, and returns its steps in order: every one of
// them, within 10 seconds and the wait. The server stores nothing. The token is sent only to a server whose certificate
// the CA in cluster-info signed, after the pin matched, or, where the joiner does without a pin, the signature.
func (m Member) Replay(ctx context.Context, attempt join.Attempt) []Step {
	ctx, cancel := context.WithTimeout(ctx, replayTimeout+m.Wait)
	defer cancel()
	r := &replay{Member: m, attempt: attempt, steps: steps{}}
	r.arguments()
	if !attempt.Endpoint.IsZero() {
		r.discover(ctx)
	}
	r.closing()
	return r.inOrder(attempt.Joiner)
}

// A replay is one join that is replayed.
type replay struct {
	Member
	steps
	attempt join.Attempt
	info    *ClusterInfo
	skew    time.Duration // of this machine's clock, as kube.Client.Skew has it
	heard   bool          // the server answered, so that skew is known
}

// arguments judges the values on the command line.
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

// discover takes the steps up to the trust in a CA, and those of the token after them.
func (r *replay) discover(ctx context.Context) {
	stranger, err := kube.NewUnverified("https://"+r.attempt.Endpoint.HostPort(), r.UserAgent, r.Now)
	if err != nil {
		r.add(stepClusterInfo, Failed, "", "%v", err)
		return
	}
	if !r.read(ctx, stranger) {
		return
	}
	r.shape()
	r.pin()
	trusted := r.trust(ctx, stranger)
	if r.attempt.Token.IsZero() {
		return
	}
	r.judge(r.authenticate(ctx, trusted))
}

// closing says what can be known about time.
func (r *replay) closing() {
	switch {
	case !r.heard:
		r.add(stepClock, Skipped, "", "no answer told the server's time")
	case r.skew != 0:
		r.add(stepClock, Warning, "set this machine's clock, by NTP for example: certificates and tokens may seem expired, or not yet valid",
			"this machine's clock is %s off the server's", r.skew.Round(time.Second))
	default:
		r.ok(stepClock, "this machine's clock is within 30s of the server's")
	}
	const remedy = "joinctl token list, on the control plane, shows when it expires"
	if r.passed(stepAuthentication) {
		r.add(stepTimeLeft, Skipped, remedy, "the server accepts the token now; until when, the token itself may not ask")
		return
	}
	r.add(stepTimeLeft, Skipped, remedy, "the token may not ask when it expires")
}

// note keeps what a client learnt of the server's clock.
func (r *replay) note(c *kube.Client) { r.skew, r.heard = c.Skew(), true }

// bounded bounds one request.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, stepTimeout)
}

// reached names the address of a replay's endpoint, and the proxy in front of it.
func (r *replay) reached(proxy string) string {
	if proxy == "" {
		return r.attempt.Endpoint.HostPort()
	}
	return fmt.Sprintf("%s through the proxy %s", r.attempt.Endpoint.HostPort(), proxy)
}
