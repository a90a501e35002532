// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// Contexts lists the contexts that a selection means.
type Contexts struct {
	Session *session.Session
	Check   bool // ask every control plane; false: ask none
}

// A ListedContext is a context of the kubeconfig.
type ListedContext struct {
	Target      fleet.Target // the control plane that the context reaches
	Name        string
	DuplicateOf string // the context that is used in place of this one; "": this one is used
	Summary     kube.ContextSummary
	Checkup     *Checkup // nil: the control plane was not asked
}

// A Checkup is what a control plane says. A nil pointer is not known.
type Checkup struct {
	Reachable                     bool           // something answers at the address
	Refusal                       failure.Reason // why that is no control plane which answers this identity; "": it is one
	Version                       string         // of the server; "": not known
	Latency                       time.Duration  // of the question for the Version, which sets up the connection
	Karmada                       *bool          // a Karmada control plane
	MayCreate, MayList, MayDelete *bool          // bootstrap tokens, with this identity
}

// Run returns the contexts in the order of the targets, duplicates after the one that is used.
func (a *Contexts) Run(ctx context.Context) ([]ListedContext, *session.Failures, error) {
	a.Session.Quiet = true
	targets, err := a.targets(ctx)
	if err != nil {
		return nil, nil, err
	}
	checked := map[fleet.Target]session.Result[Checkup]{}
	if a.Check {
		for _, result := range session.On(ctx, a.Session, targets, 0, a.examine) {
			checked[result.Key] = result
		}
	}
	var out []ListedContext
	failures := a.Session.NewFailures()
	for _, target := range targets {
		one := ListedContext{Target: target, Name: target.Context}
		one.Summary, err = target.Summary(target.Context)
		if result, ok := checked[target]; ok && err == nil {
			result.Value.Reachable, result.Value.Refusal = answered(result.Err)
			one.Checkup, err = &result.Value, result.Err
		}
		if err != nil {
			failures.Add(target, err)
		} else {
			failures.Done++
		}
		out = append(out, one)
		for _, name := range target.Duplicates() {
			summary, _ := target.Summary(name) // its cluster is that of the context that is used
			out = append(out, ListedContext{Target: target, Name: name, DuplicateOf: target.Context, Summary: summary})
		}
	}
	return out, failures, nil
}

// answered reports whether something answered where the questions ended in an error, and its reason if that is a refusal: an access
// proxy, for example, answers 401 or 404 in place of the control plane.
func answered(err error) (reachable bool, refusal failure.Reason) {
	if err == nil || kube.IsAggregatedDown(err) {
		return true, ""
	}
	switch reason := failure.ReasonOf(err); reason {
	case failure.Unauthorized, failure.Forbidden, failure.NotFound, failure.TooManyRequests, failure.Unsupported:
		return true, reason
	}
	return false, ""
}

// targets returns the selected targets. Only with Check are control planes asked which of them are the same.
func (a *Contexts) targets(ctx context.Context) ([]fleet.Target, error) {
	if a.Check {
		return a.Session.Distinct(ctx)
	}
	return a.Session.Targets()
}

// examine asks a control plane what it is and what this identity may do.
func (a *Contexts) examine(ctx context.Context, _ fleet.Target, c *kube.Client) (Checkup, error) {
	var out Checkup
	var err error
	begin := a.Session.Now()
	if out.Version, err = c.Version(ctx); err != nil {
		return out, err
	}
	out.Latency = a.Session.Now().Sub(begin)
	karmada, down := c.Serves(ctx, kube.KarmadaAPI)
	if down != nil && !kube.IsAggregatedDown(down) {
		return out, down
	}
	out.Karmada = &karmada
	for _, question := range []struct {
		verb string
		may  **bool
	}{{"create", &out.MayCreate}, {"list", &out.MayList}, {"delete", &out.MayDelete}} {
		allowed, err := c.MayI(ctx, kube.Access{Verb: question.verb, Resource: "secrets", Namespace: "kube-system"})
		if err != nil {
			return out, err
		}
		*question.may = &allowed
	}
	return out, down
}
