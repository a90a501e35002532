// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	probeLife = 5 * time.Minute // should nobody be there any more to delete the token
	// The steps of discovery that a probe treats by themselves; their names are stable.
	stepAuthentication = "authentication"
	stepClock          = "clock"

	learned = time.Second // by then kube-apiserver's authenticator knows a token that the signer knew before
)

// A Probe is a join that is tried with a token of its own, up to where something would change.
type Probe struct {
	Member   discovery.Member
	Joiner   join.Joiner
	Endpoint join.Endpoint // empty: the kubeconfig's server
	Token    token.Token   // to create, and to delete again
}

// Run creates the token, replays the join and deletes the token, also where the context ends. An error says that the
// probe could not be made, or that the token is still there.
func (p Probe) Run(ctx context.Context, c *kube.Client) (findings []Finding, err error) {
	attempt, err := p.attempt(ctx, c)
	if failure.ReasonOf(err) == failure.NotFound || failure.ReasonOf(err) == failure.Invalid {
		finding := Unprobed()
		finding.Remedy = "cluster-info comes first"
		return []Finding{finding}, nil
	}
	if err != nil {
		return nil, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return nil, err
	}
	spec := token.Spec{
		Expires:     now.Add(probeLife),
		Usages:      []string{token.Signing, token.Authentication},
		Groups:      []string{p.Joiner.Group()},
		Description: "joinctl doctor --probe",
	}
	klog.V(1).InfoS("probing with a token", "id", p.Token.ID, "endpoint", attempt.Endpoint.HostPort())
	made, err := token.Create(ctx, c, token.Encode(p.Token, spec), false)
	if reason := failure.ReasonOf(err); reason == failure.Unknown || reason == failure.Timeout {
		return nil, errors.Join(err, token.Delete(context.WithoutCancel(ctx), c, token.RefTo(p.Token.ID), false))
	}
	if failure.ReasonOf(err) == failure.Forbidden {
		return []Finding{Unprobed(), {Check: "probe", Severity: Warning, Evidence: err.Error(), Remedy: notJudged}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("make a token to probe with: %w", err)
	}
	defer func() {
		if undoErr := token.Rollback(ctx, c, made); undoErr != nil {
			err = errors.Join(err, &failure.Error{
				Err:  fmt.Errorf("token %s still exists, for %s: %w", p.Token.ID, probeLife, undoErr),
				Hint: "remove it with: joinctl token delete " + p.Token.ID,
			})
		}
	}()
	steps := p.Member.Replay(ctx, attempt)
	if authentication(steps).Status == discovery.Failed {
		select {
		case <-time.After(learned):
			steps = p.Member.Replay(ctx, attempt)
		case <-ctx.Done():
		}
	}
	return results(steps, attempt.Endpoint), ctx.Err()
}

// attempt is the command that a joiner would be given.
func (p Probe) attempt(ctx context.Context, c *kube.Client) (join.Attempt, error) {
	endpoint, err := EndpointOf(c, p.Endpoint)
	if err != nil {
		return join.Attempt{}, err
	}
	info, err := discovery.Read(ctx, c, p.Joiner)
	if err != nil {
		return join.Attempt{}, err
	}
	return join.Attempt{Command: join.Command{Joiner: p.Joiner, Endpoint: endpoint, Token: p.Token, Pins: info.Pins()}}, nil
}

// authentication returns the step at which the token is used for the first time.
func authentication(steps []discovery.Step) discovery.Step {
	for _, step := range steps {
		if step.Name == stepAuthentication {
			return step
		}
	}
	return discovery.Step{}
}

// results makes findings of steps. What a joiner cannot know is left out, and so is the clock, which was compared
// already.
func results(steps []discovery.Step, endpoint join.Endpoint) []Finding {
	var findings []Finding
	for _, step := range steps {
		finding := Finding{Check: "probe-" + step.Name, Evidence: step.Cause, Remedy: step.Remedy}
		switch {
		case step.Name == stepClock:
			continue
		case step.Status == discovery.Failed:
			finding.Severity = Error
		case step.Status == discovery.Warning:
			finding.Severity = Warning
		default:
			continue
		}
		if finding.Remedy == "" {
			finding.Remedy = "joinctl check tells more, where the member is"
		}
		findings = append(findings, finding)
	}
	switch first := authentication(steps); first.Status {
	case discovery.OK:
		findings = append(findings, Finding{Check: bootstrapAuth, Severity: Info, Evidence: "kube-apiserver accepts bootstrap tokens: " + first.Cause})
	case discovery.Skipped:
		findings = append(findings, Finding{Check: bootstrapAuth, Severity: Info, Evidence: "unknown: " + first.Cause, Remedy: "correct what failed before"})
	}
	if len(findings) == 1 && findings[0].Check == bootstrapAuth {
		findings = append(findings, Finding{Check: "probe", Severity: Info, Evidence: "a joiner gets through at " + endpoint.HostPort()})
	}
	return findings
}
