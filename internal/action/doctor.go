// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// Doctor judges whether clusters can join the targets, and what is wrong with them.
type Doctor struct {
	Session  *session.Session
	Joiner   join.Joiner   // empty: that of each control plane
	Probe    bool          // try a join too, with a token that is created and deleted again
	Endpoint join.Endpoint // where the probe joins; zero: at the kubeconfig's server

	ReportFile string                  // for a report about all targets; empty: none
	Report     func(*Diagnoses) []byte // returns the content of that file

	rollback Rollback[fleet.Target] // the token that each target is probed with
	requests Rollback[fleet.Target] // the certificate request that each target is probed with
}

// Diagnoses is what Doctor found.
type Diagnoses struct {
	Targets  []Diagnosis // in the order of the targets, also those that failed
	Failures *session.Failures
	Findings []error // a *CheckFailed for each target with errors or warnings
}

// A Diagnosis is what was found on one target.
type Diagnosis struct {
	Target   fleet.Target
	Findings []controlplane.Finding // the worst first
	Complete bool                   // every check was made; false: the target is among the Failures
	Checked  []string               // the checks that were made without a probe; those without a finding found nothing wrong
}

// examined is the result of one target.
type examined struct {
	findings []controlplane.Finding
	checked  []string
}

// Run examines the targets. It changes nothing, except that a probe creates a token and deletes it again. An error together with
// Diagnoses says that the report could not be written.
func (a *Doctor) Run(ctx context.Context) (*Diagnoses, error) {
	report, err := a.openReport()
	if err != nil {
		return nil, err
	}
	results, err := session.Each(ctx, a.Session, 0, a.examine)
	if err != nil {
		report.discard()
		return nil, err
	}
	out := &Diagnoses{Failures: a.Session.NewFailures()}
	for _, result := range results {
		one := Diagnosis{Target: result.Key, Findings: result.Value.findings, Checked: result.Value.checked, Complete: result.Err == nil}
		slices.SortStableFunc(one.Findings, func(a, b controlplane.Finding) int { return cmp.Compare(rank(a), rank(b)) })
		out.Targets = append(out.Targets, one)
		if one.Complete {
			out.Failures.Done++
		} else {
			out.Failures.Add(one.Target, a.rollback.Explain(one.Target, a.requests.Explain(one.Target, result.Err)))
		}
		errs, warnings := one.count(controlplane.Error), one.count(controlplane.Warning)
		if errs+warnings > 0 {
			out.Findings = append(out.Findings, &CheckFailed{
				Text: fmt.Sprintf("%s: %s and %s", session.Describe(one.Target), failure.Count(errs, "error"), failure.Count(warnings, "warning")),
			})
		}
	}
	return out, report.write(out)
}

// rank orders findings by severity.
func rank(f controlplane.Finding) int {
	return slices.Index([]controlplane.Severity{controlplane.Error, controlplane.Warning, controlplane.Info}, f.Severity)
}

func (d *Diagnosis) count(severity controlplane.Severity) int {
	n := 0
	for _, f := range d.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

func (a *Doctor) examine(ctx context.Context, target fleet.Target, c *kube.Client) (examined, error) {
	joiner := a.Joiner
	if joiner == "" {
		var err error
		if joiner, err = controlplane.JoinerOf(ctx, c); err != nil {
			return examined{}, err
		}
	}
	klog.V(1).InfoS("examining", "context", target.Context, "server", c.Server().Host, "joiner", joiner.String(), "probe", a.Probe)
	findings, err := controlplane.Examine(ctx, c, joiner)
	if err != nil {
		return examined{findings: findings}, err
	}
	out := examined{findings, controlplane.Checked(joiner, findings)}
	if joiner == "" {
		return out, nil
	}
	if !a.Probe {
		out.findings = append(findings, controlplane.Unprobed())
		return out, nil
	}
	probed, err := a.probe(ctx, target, c, joiner)
	out.findings = controlplane.Supersede(findings, probed)
	return out, err
}

// probe creates a token, replays a join with it, requests a certificate and deletes both, also where ctx has ended. The
// error says that the probe could not be made, or that the token still exists.
func (a *Doctor) probe(ctx context.Context, target fleet.Target, c *kube.Client, joiner join.Joiner) ([]controlplane.Finding, error) {
	tok, err := token.Generate(a.Session.Rand)
	if err != nil {
		return nil, err
	}
	const signature = 5 * time.Second // a signer is done by then
	probe := controlplane.Probe{
		Member:   discovery.Member{UserAgent: a.Session.UserAgent, Now: a.Session.Now, Rand: a.Session.Rand, Wait: signature},
		Joiner:   joiner,
		Endpoint: a.Endpoint,
		Token:    tok,
	}
	prepared, findings, err := probe.Prepare(ctx, c)
	if prepared == nil {
		return findings, err
	}
	klog.V(1).InfoS("probing with a token", "id", tok.ID, "endpoint", prepared.Endpoint().HostPort())
	err = a.createToken(ctx, target, c, tok, prepared.Spec())
	if failure.ReasonOf(err) == failure.Forbidden {
		return controlplane.ProbeForbidden(err), nil
	}
	if err != nil {
		return nil, fmt.Errorf("create a token to probe with: %w", err)
	}
	findings = prepared.Replay(ctx)
	issued, err := a.probeIssuance(ctx, target, c, tok, prepared)
	_, undoErr := a.rollback.Undo(ctx, target)
	return append(findings, issued...), errors.Join(ctx.Err(), err, undoErr)
}

// createToken creates the token of a probe. If it cannot tell whether the token exists, it deletes the token.
func (a *Doctor) createToken(ctx context.Context, target fleet.Target, c *kube.Client, tok token.Token, spec token.Spec) error {
	a.rollback.Sending(target, tokenObject(a.Session, target, tok))
	secret, err := token.CreateDrawn(ctx, c, token.Encode(tok, spec), false)
	switch failure.ReasonOf(err) {
	case "":
		a.rollback.Created(target, func(ctx context.Context) error { return token.Rollback(ctx, c, secret) })
		return nil
	case failure.Unknown, failure.Timeout:
	default:
		return err
	}
	deleteErr := token.DeleteByName(context.WithoutCancel(ctx), c, token.RefTo(tok.ID), false)
	if deleteErr != nil { // where the token does not exist yet, it may still be created
		return errors.Join(err, deleteErr)
	}
	a.rollback.Forget(target) // the token is deleted, so Explain must not name it
	return err
}
