// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// Setup makes Karmada control planes joinable with bootstrap tokens.
type Setup struct {
	Session  *session.Session
	Endpoint join.Endpoint // of the control plane for joiners; zero: that in cluster-info, else the kubeconfig's server
	Force    bool          // overwrite a cluster-info that differs
	DryRun   DryRun

	// Confirm asks about the plans of all targets, if one of them has changes; nil: they are carried out.
	Confirm func([]SetupPlan) bool

	rollback Rollback[setupKey]
}

// setupKey is a change on a target.
type setupKey struct {
	target fleet.Target
	object string // as controlplane.Describe names it
}

// SetupResult is what Setup did.
type SetupResult struct {
	Plans    []SetupPlan // that are carried out, or in a dry run would be, in the order of the targets
	Failures *session.Failures
	Findings []error // of rights that joiners still lack
}

// A SetupPlan is what makes one target joinable.
type SetupPlan struct {
	Target          fleet.Target
	Changes         []controlplane.Change // none: the target has everything that joiners need
	EndpointWarning string                // why others are unlikely to reach the address that goes into cluster-info; "": no reason is known

	plan *controlplane.Plan
	keys []setupKey // of the Changes
}

// Run plans on every target, with a dry run on the server. Then it carries the plans out: all changes on a target, or
// none. The error alone says that nothing was changed: the selection is wrong, or the plans were not confirmed.
func (a *Setup) Run(ctx context.Context) (*SetupResult, error) {
	results, err := session.Each(ctx, a.Session, 0, a.plan)
	if err != nil {
		return nil, err
	}
	plans, failures := session.Collect(a.Session, results)
	out := &SetupResult{Plans: plans, Failures: failures}
	if a.DryRun != None {
		return out, nil
	}
	changes := slices.ContainsFunc(plans, func(p SetupPlan) bool { return len(p.Changes) > 0 })
	if changes && a.Confirm != nil && !a.Confirm(plans) {
		return nil, ErrNotConfirmed
	}
	a.carryOut(ctx, out)
	return out, nil
}

// plan finds out what a target lacks, and whether this client may add it.
func (a *Setup) plan(ctx context.Context, target fleet.Target, c *kube.Client) (SetupPlan, error) {
	klog.V(1).InfoS("planning", "context", target.Context, "server", c.Server().Host)
	plan, err := controlplane.NewPlan(ctx, c, a.Endpoint, a.Force)
	if err != nil {
		return SetupPlan{}, err
	}
	if a.DryRun != Client {
		if err := plan.DryRun(ctx, c); err != nil {
			return SetupPlan{}, err
		}
	}
	out := SetupPlan{Target: target, Changes: plan.Changes, plan: plan}
	for _, change := range plan.Changes {
		out.keys = append(out.keys, setupKey{target, controlplane.Describe(change.Object)})
	}
	if slices.ContainsFunc(plan.Changes, func(change controlplane.Change) bool { return kube.Kind(change.Object) == "ConfigMap" }) {
		out.EndpointWarning = a.endpointWarning(target, c)
	}
	return out, nil
}

// endpointWarning says why others are unlikely to reach a target at the address that goes into cluster-info, or "".
func (a *Setup) endpointWarning(target fleet.Target, c *kube.Client) string {
	endpoint, err := discovery.EndpointOf(c, a.Endpoint)
	caveat := endpoint.Caveat()
	if target.Context == kube.InCluster && a.Endpoint.IsZero() {
		caveat = "the address inside this cluster"
	}
	if err != nil || caveat == "" {
		return ""
	}
	return fmt.Sprintf("%s is %s; name one that others reach with --endpoint HOST:PORT", endpoint.HostPort(), caveat)
}

// applied is what became of a plan on its target.
type applied struct {
	done     bool // all changes were made
	findings []error
}

// carryOut makes the changes of all plans, and leaves those in the result that were carried out.
func (a *Setup) carryOut(ctx context.Context, out *SetupResult) {
	plans := map[fleet.Target]SetupPlan{}
	var targets []fleet.Target
	for _, plan := range out.Plans {
		plans[plan.Target] = plan
		targets = append(targets, plan.Target)
	}
	out.Plans, out.Failures.Done = nil, 0
	for _, result := range session.On(ctx, a.Session, targets, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (applied, error) {
		return a.apply(ctx, c, plans[target])
	}) {
		plan := plans[result.Key]
		if result.Err != nil {
			out.Failures.Add(plan.Target, a.explain(plan, result.Err))
		} else {
			out.Failures.Done++
		}
		if result.Value.done {
			out.Plans = append(out.Plans, plan)
		}
		out.Findings = append(out.Findings, result.Value.findings...)
	}
}

// apply makes the changes on one target, and waits until they are effective.
func (a *Setup) apply(ctx context.Context, c *kube.Client, plan SetupPlan) (applied, error) {
	klog.V(1).InfoS("setting up a control plane", "context", plan.Target.Context, "server", c.Server().Host, "changes", len(plan.Changes))
	for i, change := range plan.Changes {
		err := ctx.Err()
		if err == nil {
			err = a.applyChange(ctx, c, plan.keys[i], change)
		}
		if err != nil {
			return applied{}, a.undo(ctx, plan, err)
		}
	}
	for _, key := range plan.keys {
		a.rollback.Forget(key)
	}
	out := applied{done: true}
	denied, err := plan.plan.WaitEffective(ctx, c)
	if err == nil && len(denied) > 0 {
		err = ctx.Err()
	}
	if err != nil {
		return out, fmt.Errorf("wait until the changes are effective: %w", err)
	}
	for _, grant := range denied {
		out.findings = append(out.findings, &CheckFailed{
			Text: fmt.Sprintf("%s: all objects exist, but the server still does not allow this: %s", session.Describe(plan.Target), grant.Purpose),
			Hint: "another authorizer than RBAC may decide on this server",
		})
	}
	return out, nil
}

// applyChange makes one change. The reason is Unknown if the answer was lost.
func (a *Setup) applyChange(ctx context.Context, c *kube.Client, key setupKey, change controlplane.Change) error {
	a.rollback.Sending(key, a.object(key, change))
	err := change.Apply(ctx, c)
	switch {
	case err == nil:
		a.rollback.Created(key, func(ctx context.Context) error { return change.Undo(ctx, c) })
		return nil
	case failure.ReasonOf(err) == failure.Unknown, failure.IsLost(err):
		return &failure.Error{Reason: failure.Unknown, Err: err}
	}
	a.rollback.Forget(key) // the change was refused, so Explain must not name it
	return err
}

// undo rolls back the changes on a target, the last one first, and adds to the error what became of them.
func (a *Setup) undo(ctx context.Context, plan SetupPlan, err error) error {
	undone := false
	var errs []error
	for _, key := range slices.Backward(plan.keys) {
		one, undoErr := a.rollback.Undo(ctx, key)
		undone = undone || one
		errs = append(errs, undoErr)
	}
	undoErr := errors.Join(errs...)
	if undone && undoErr == nil {
		return fmt.Errorf("the earlier changes were rolled back: %w", err)
	}
	return errors.Join(err, undoErr)
}

// explain names every change on a target in a failure that leaves open whether the change was made.
func (a *Setup) explain(plan SetupPlan, err error) error {
	for _, key := range slices.Backward(plan.keys) {
		err = a.rollback.Explain(key, err)
	}
	return err
}

// object is a change as a Rollback knows it.
func (a *Setup) object(key setupKey, change controlplane.Change) Object {
	out := Object{Noun: strings.ToLower(kube.Kind(change.Object)), Name: key.object, Where: session.Describe(key.target)}
	verb := "delete"
	if change.Exists() {
		verb, out.Name = "edit", "the change to "+out.Name
	}
	out.Remove = fmt.Sprintf("kubectl %s %s %s", verb, out.Noun, change.Object.GetName())
	if namespace := change.Object.GetNamespace(); namespace != "" {
		out.Remove += " --namespace " + namespace
	}
	out.Remove += a.Session.Arguments(key.target)
	return out
}

// Manifests returns all objects of a joinable control plane, for each target. It asks no server.
func (a *Setup) Manifests() ([]kube.Object, error) {
	targets, err := a.Session.Targets()
	if err != nil {
		return nil, err
	}
	var all []kube.Object
	for _, target := range targets {
		c, err := a.Session.Client(target)
		if err != nil {
			return nil, err
		}
		objects, err := controlplane.Manifests(c, a.Endpoint)
		if err != nil {
			return nil, err
		}
		if warning := a.endpointWarning(target, c); warning != "" {
			a.Session.Terminal.Warn("%s: %s", session.Describe(target), warning)
		}
		all = append(all, objects...)
	}
	return all, nil
}
