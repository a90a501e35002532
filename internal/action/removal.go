// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// A Removal is the one way in which objects are deleted: it resolves references, refuses ambiguous ones, has the plan
// confirmed where more goes than was named one by one, and deletes the very objects that it found. Locate is for commands that
// do something else with the objects that references mean.
type Removal[T any] struct {
	Session        *session.Session
	Refs           []session.Ref
	Listed         bool // the references come from a list: nobody named the objects one by one
	Everywhere     bool // an ambiguous reference means the object in every target that has it
	IgnoreNotFound bool
	DryRun         DryRun
	Nowhere        func(name string, searched []fleet.Target) // with Everywhere: hears of an object that is in none of these targets
	Confirm        func([]Planned[T]) bool                    // asks about the plan; nil: nothing needs to be confirmed
	Syntax         string                                     // of a qualified reference, for people
	NoEverywhere   bool                                       // the command has no --everywhere
	Describe       func(session.Ref) string                   // what people call the object that a reference means
	Name           func(T) string                             // unique on a target

	// NotFoundHint says what to do if a reference means nothing; nil: there is no hint. The target is zero if it is about several.
	NotFoundHint func(target fleet.Target, ref session.Ref) string

	// Find returns the objects that a reference means on a target; none is no error.
	Find func(ctx context.Context, target fleet.Target, c *kube.Client, ref session.Ref) ([]T, error)
	// Sweep returns the objects to delete where there are no references.
	Sweep func(ctx context.Context, target fleet.Target, c *kube.Client) ([]T, error)
	// Delete deletes the object that was found, and no later one of its name. It is called from many goroutines for objects that
	// Sweep returned.
	Delete func(ctx context.Context, target fleet.Target, c *kube.Client, object T, dryRun bool) error

	ledger ledger[T]
}

// A Planned is an object that a Removal deletes.
type Planned[T any] struct {
	Target fleet.Target
	Ref    session.Ref // the first that names it; zero: Sweep found it
	Object T
	refs   []session.Ref // all that name it
	err    error         // why it was not deleted
}

// found is what a search on one target returned.
type found[T any] struct {
	objects []Planned[T]
	failed  map[session.Ref]error // references that could not be looked up
}

// Run deletes what the references mean and returns it, with the Failures: in targets, or of references that mean nothing
// or too much. The error says that nothing was deleted: the selection is wrong, or the plan was not confirmed.
func (r *Removal[T]) Run(ctx context.Context) ([]Planned[T], *session.Failures, error) {
	var err error
	r.Session.Complete = r.Everywhere
	if r.Refs, err = r.Session.Resolve(ctx, r.Refs); err != nil {
		return nil, nil, err
	}
	failures := r.Session.NewFailures()
	results, err := session.Each(ctx, r.Session, timeFor(len(r.Refs)), func(ctx context.Context, target fleet.Target, c *kube.Client) (found[T], error) {
		here, err := r.search(ctx, target, c)
		if err == nil && !r.planned() {
			r.deleteAll(ctx, target, c, here)
		}
		return here, err
	})
	if err != nil {
		return nil, nil, err
	}
	results = r.withAbandoned(results)
	plan := r.decide(results, failures)
	r.reportNowhere(results)
	if !r.planned() {
		return r.deleted(plan, failures), failures, nil
	}
	if r.Confirm != nil && len(plan) > 0 && r.DryRun == None && !r.Confirm(plan) {
		return nil, nil, ErrNotConfirmed
	}
	if r.DryRun == Client {
		return r.deleted(plan, failures), failures, nil
	}
	return r.carryOut(ctx, plan, failures), failures, nil
}

// planned reports whether objects are deleted only after all targets were searched, because references can be ambiguous
// or the plan has to be confirmed. Else each target is visited once.
func (r *Removal[T]) planned() bool {
	return r.Listed && r.Confirm != nil || r.searchesFirst()
}

// searchesFirst reports whether only a search tells what the references mean.
func (r *Removal[T]) searchesFirst() bool {
	return r.Sweep != nil || slices.ContainsFunc(r.Refs, func(ref session.Ref) bool { return ref.Name == "" || r.ambiguous(ref) })
}

// ambiguous reports whether a reference means one object, which several targets can have. A context with many members is
// several targets.
func (r *Removal[T]) ambiguous(ref session.Ref) bool {
	exact := ref.Qualified() && (ref.Member != "" || !r.Session.Members.Many())
	return !exact && !r.Everywhere && r.Session.Many()
}

// Locate returns what the references mean, with the Failures of the others, and deletes nothing. Failures.Done does not count
// what is found.
func (r *Removal[T]) Locate(ctx context.Context) ([]Planned[T], *session.Failures, error) {
	r.DryRun = Client
	plan, failures, err := r.Run(ctx)
	if err == nil {
		failures.Done -= len(plan)
	}
	return plan, failures, err
}

// byTarget returns the targets of some objects, in their order, with the objects on each.
func byTarget[T any](plan []Planned[T]) ([]fleet.Target, map[fleet.Target][]Planned[T]) {
	on := map[fleet.Target][]Planned[T]{}
	var targets []fleet.Target
	for _, one := range plan {
		if on[one.Target] == nil {
			targets = append(targets, one.Target)
		}
		on[one.Target] = append(on[one.Target], one)
	}
	return targets, on
}

// carryOut deletes the objects of a plan, and returns those that are deleted. The others, and targets that could not be
// visited again, are failures.
func (r *Removal[T]) carryOut(ctx context.Context, plan []Planned[T], failures *session.Failures) []Planned[T] {
	targets, byTarget := byTarget(plan)
	most := 0
	for _, objects := range byTarget {
		most = max(most, len(objects))
	}
	var done []Planned[T]
	for _, result := range session.On(ctx, r.Session, targets, timeFor(most), func(ctx context.Context, target fleet.Target, c *kube.Client) ([]Planned[T], error) {
		objects := byTarget[target]
		r.deleteAll(ctx, target, c, found[T]{objects: objects})
		return objects, nil
	}) {
		objects := result.Value
		if result.Err != nil {
			here, begun := r.abandoned(result.Key, result.Err)
			if !begun {
				failures.Add(result.Key, result.Err)
			}
			objects = here.objects
		}
		done = append(done, r.deleted(objects, failures)...)
	}
	return done
}

// deleted returns the objects that are deleted. The others are failures, unless they are gone already and may be missing.
// One that a search found and that is gone is named: this run can have deleted it itself, by a DELETE that a proxy sent twice.
func (r *Removal[T]) deleted(plan []Planned[T], failures *session.Failures) []Planned[T] {
	var out []Planned[T]
	for _, one := range plan {
		switch {
		case one.err == nil:
			failures.Done++
			out = append(out, one)
		case failure.ReasonOf(one.err) == failure.NotFound && (r.IgnoreNotFound || r.Sweep != nil || r.Everywhere && !one.Ref.Qualified()):
			failures.Done++
			if wasRead(one.Object) {
				r.Session.Terminal.Info("already gone from %s: %s", session.Describe(one.Target), r.Describe(session.Ref{Name: r.Name(one.Object)}))
			}
		default:
			failures.Add(one.Target, one.err)
		}
	}
	return out
}

// wasRead reports whether an object was read, and not only named because this user may not read it.
func wasRead(object any) bool {
	named, ok := object.(metav1.Object)
	return !ok || named.GetUID() != ""
}
