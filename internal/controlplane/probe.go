// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"time"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	probeLife = 5 * time.Minute // the token expires then if nobody deletes it

	// Steps of discovery that a probe treats in its own way; their names are stable.
	stepAuthentication = "authentication"
	stepCSR            = "csr"
	stepApproval       = "approval"
	stepClock          = "clock"
	stepKubeconfig     = "kubeconfig"

	authenticatorLag = time.Second // kube-apiserver's authenticator may see a new token that much later than the signer
)

// A Probe is a join with a token of its own, up to the first step that would change something. Its caller prepares it,
// creates the token by Spec, replays the join, and deletes the token.
type Probe struct {
	Member   discovery.Member
	Joiner   join.Joiner
	Endpoint join.Endpoint // empty: the kubeconfig's server
	Token    token.Token   // to create, and to delete again
	Issuing  time.Duration // how long the approver and the signer have for a certificate; 0: 10 s
}

// A PreparedProbe is a Probe with everything that it needs to know before its token is created.
type PreparedProbe struct {
	probe      Probe
	attempt    join.Attempt
	now        time.Time // of the server
	mayRequest bool      // the replay showed that a request with the token is approved, if the approver runs
}

// Prepare collects everything that the probe needs, and writes nothing. If no joiner can use cluster-info, it returns
// findings that say so, and no PreparedProbe.
func (p Probe) Prepare(ctx context.Context, c *kube.Client) (*PreparedProbe, []Finding, error) {
	endpoint, err := discovery.EndpointOf(c, p.Endpoint)
	if err != nil {
		return nil, nil, err
	}
	info, err := discovery.Read(ctx, c, p.Joiner)
	switch failure.ReasonOf(err) {
	case "":
	case failure.NotFound, failure.Invalid:
		finding := Unprobed()
		finding.Fix = "correct cluster-info first"
		return nil, []Finding{finding}, nil
	default:
		return nil, nil, err
	}
	now, err := c.TimeForExpiry(ctx)
	if err != nil {
		return nil, nil, err
	}
	attempt := join.Attempt{Command: join.Command{Joiner: p.Joiner, Endpoint: endpoint, Token: p.Token, Pins: info.Pins()}}
	return &PreparedProbe{probe: p, attempt: attempt, now: now}, nil, nil
}

// Endpoint returns the endpoint at which the probe joins.
func (p *PreparedProbe) Endpoint() join.Endpoint { return p.attempt.Endpoint }

// Spec returns the spec of the token that the probe needs. The token expires after 5 minutes of the server's time.
func (p *PreparedProbe) Spec() token.Spec {
	return token.Spec{
		Expires:     p.now.Add(probeLife),
		Usages:      p.probe.Joiner.Usages(),
		Groups:      []string{p.probe.Joiner.Group()},
		Description: "joinctl doctor --probe",
	}
}

// Replay replays the join, once the token exists, and returns its findings. It replays a second time if the server does not
// accept the token at first. If the context ends, the findings are not complete.
func (p *PreparedProbe) Replay(ctx context.Context) []Finding {
	steps := p.probe.Member.Replay(ctx, p.attempt)
	if stepOf(steps, stepAuthentication).Status == discovery.Failed {
		select {
		case <-time.After(authenticatorLag):
			steps = p.probe.Member.Replay(ctx, p.attempt)
		case <-ctx.Done():
		}
	}
	p.mayRequest = true
	for _, name := range []string{stepAuthentication, stepCSR, stepApproval} {
		p.mayRequest = p.mayRequest && stepOf(steps, name).Status == discovery.OK
	}
	return results(steps, p.attempt.Endpoint)
}

// ProbeForbidden returns the findings for a client that may not create the token. err is the server's.
func ProbeForbidden(err error) []Finding {
	return []Finding{Unprobed(), {Check: "probe", Severity: Warning, Evidence: err.Error(), Fix: forbiddenFix}}
}

// stepOf returns the step of a name.
func stepOf(steps []discovery.Step, name string) discovery.Step {
	for _, step := range steps {
		if step.Name == name {
			return step
		}
	}
	return discovery.Step{}
}

// results makes findings of failures and warnings. It leaves out the clock and warnings about the server in cluster-info, which
// have their own checks.
func results(steps []discovery.Step, endpoint join.Endpoint) []Finding {
	var findings []Finding
	for _, step := range steps {
		finding := Finding{Check: "probe-" + step.Name, Evidence: step.Cause, Fix: step.Fix}
		switch {
		case step.Name == stepClock, step.Name == stepKubeconfig && step.Status == discovery.Warning:
			continue
		case step.Status == discovery.Failed:
			finding.Severity = Error
		case step.Status == discovery.Warning, step.Status == discovery.Unknown:
			finding.Severity = Warning
		default:
			continue
		}
		if finding.Fix == "" {
			finding.Fix = "run joinctl check on the member for more"
		}
		findings = append(findings, finding)
	}
	switch first := stepOf(steps, stepAuthentication); first.Status {
	case discovery.OK:
		findings = append(findings, Finding{Check: bootstrapAuth, Severity: Info, Evidence: "kube-apiserver accepts bootstrap tokens: " + first.Cause})
	case discovery.Skipped, discovery.Unknown:
		findings = append(findings, Finding{Check: bootstrapAuth, Severity: Info, Evidence: "unknown: " + first.Cause, Fix: "correct the earlier failures"})
	}
	if len(findings) == 1 && findings[0].Check == bootstrapAuth {
		findings = append(findings, Finding{Check: "probe", Severity: Info, Evidence: "every step of a join up to its certificate works at " + endpoint.HostPort()})
	}
	return findings
}
