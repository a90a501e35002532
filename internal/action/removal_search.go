// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// search finds the objects on one target. The error says that nothing on it could be found.
func (r *Removal[T]) search(ctx context.Context, target fleet.Target, c *kube.Client) (found[T], error) {
	here := found[T]{failed: map[session.Ref]error{}}
	indexes := map[string]int{} // by name
	add := func(ref session.Ref, objects []T) {
		for _, object := range objects {
			i, known := indexes[r.Name(object)]
			if !known {
				i = len(here.objects)
				indexes[r.Name(object)] = i
				here.objects = append(here.objects, Planned[T]{Target: target, Ref: ref, Object: object})
			}
			here.objects[i].refs = append(here.objects[i].refs, ref)
		}
	}
	for _, ref := range r.Refs {
		if !ref.Covers(target) {
			continue
		}
		objects, err := r.Find(ctx, target, c, ref)
		if err != nil && len(here.objects) == 0 && len(here.failed) == 0 && unanswered(err) {
			return here, err // the next reference would fail in the same way
		}
		if err != nil {
			here.failed[ref] = err
		}
		add(ref, objects)
	}
	if r.Sweep == nil {
		return here, nil
	}
	objects, err := r.Sweep(ctx, target, c)
	add(session.Ref{}, objects)
	return here, err
}

// unanswered reports whether an error is about the connection to a target, and not about one request.
func unanswered(err error) bool {
	reasons := []failure.Reason{failure.Unreachable, failure.Timeout, failure.TooManyRequests, failure.Unauthorized, failure.CredentialPlugin, failure.Unsupported}
	return slices.Contains(reasons, failure.ReasonOf(err))
}

// decide returns the objects to delete. Targets that could not be searched, and references that mean nothing or too much,
// are failures.
func (r *Removal[T]) decide(results []session.Result[found[T]], failures *session.Failures) []Planned[T] {
	for _, result := range results {
		r.addFailures(result, failures)
	}
	refused := map[session.Ref]bool{}
	for _, ref := range r.Refs {
		search := r.searched(ref, results)
		target, err := r.refuse(ref, search)
		switch {
		case err != nil:
			refused[ref] = true
			failures.Add(target, err)
		case len(search.holders) == 0 && search.unsearched == 0:
			failures.Done++ // nothing has to be deleted
		}
	}
	var plan []Planned[T]
	for _, result := range results {
		for _, one := range result.Value.objects {
			if slices.ContainsFunc(one.refs, func(ref session.Ref) bool { return !refused[ref] }) {
				plan = append(plan, one)
			}
		}
	}
	return plan
}

// addFailures adds what could not be searched on one target.
func (r *Removal[T]) addFailures(result session.Result[found[T]], failures *session.Failures) {
	switch {
	case result.Err != nil:
		failures.Add(result.Key, result.Err)
	case r.Sweep != nil && len(result.Value.objects) == 0:
		failures.Done++
	}
	for _, ref := range r.Refs {
		if err := result.Value.failed[ref]; err != nil {
			failures.Add(result.Key, err)
		}
	}
}

// A search is what is known about one reference.
type search struct {
	covered    []fleet.Target // targets that can have the object
	holders    []fleet.Target // targets that have it
	unsearched int            // targets of which that is not known
}

func (r *Removal[T]) searched(ref session.Ref, results []session.Result[found[T]]) search {
	var out search
	for _, result := range results {
		hub := result.Err != nil && result.Key.Member == "" && result.Key.Context == ref.Context // its members are unknown
		if !ref.Covers(result.Key) && !hub {
			continue
		}
		out.covered = append(out.covered, result.Key)
		if result.Err != nil || result.Value.failed[ref] != nil {
			out.unsearched++
		}
		if slices.ContainsFunc(result.Value.objects, func(p Planned[T]) bool { return slices.Contains(p.refs, ref) }) {
			out.holders = append(out.holders, result.Key)
		}
	}
	return out
}

// refuse returns why nothing is deleted that a reference means, and the target that the error is about, if it is one.
func (r *Removal[T]) refuse(ref session.Ref, found search) (fleet.Target, error) {
	name, noun := r.Describe(ref), r.Session.Noun()
	hint := "name it as " + r.Syntax
	if !r.NoEverywhere {
		hint += ", or say --everywhere"
	}
	switch {
	case len(found.covered) == 0 && ref.Qualified():
		return fleet.Target{}, &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("%s: no such member of context %q is selected", name, ref.Context)}
	case len(found.holders) > 1 && r.ambiguous(ref):
		return fleet.Target{}, &failure.Error{Reason: failure.Conflict, Hint: hint, Err: fmt.Errorf("%s is in %d %ss (%s), and was left in all of them",
			name, len(found.holders), noun, failure.Quoted(r.names(found.holders)))}
	case len(found.holders) == 1 && r.ambiguous(ref) && found.unsearched > 0:
		return fleet.Target{}, &failure.Error{Reason: failure.Conflict, Hint: hint, Err: fmt.Errorf("%s is in %s %s, and was left there: %s could not be searched",
			name, noun, failure.Quoted(r.names(found.holders)), failure.Count(found.unsearched, "other "+noun))}
	case len(found.holders) > 0 || found.unsearched == len(found.covered) || r.IgnoreNotFound || r.Everywhere && !ref.Qualified():
		return fleet.Target{}, nil
	case r.ambiguous(ref):
		return fleet.Target{}, r.notFound(fleet.Target{}, ref, fmt.Errorf("%s is in none of the %ss that could be searched", name, noun))
	case found.unsearched > 0:
		return fleet.Target{}, nil // that failure says why
	}
	return found.covered[0], r.notFound(found.covered[0], ref, fmt.Errorf("%s not found", name))
}

func (r *Removal[T]) notFound(target fleet.Target, ref session.Ref, err error) error {
	hint := ""
	if r.NotFoundHint != nil {
		hint = r.NotFoundHint(target, ref)
	}
	return &failure.Error{Reason: failure.NotFound, Err: err, Hint: hint}
}

func (r *Removal[T]) names(targets []fleet.Target) []string {
	names := make([]string, len(targets))
	for i, target := range targets {
		names[i] = r.Session.DisplayName(target)
	}
	return names
}

// reportNowhere names the references that mean nothing in any target, and the targets that were searched.
func (r *Removal[T]) reportNowhere(results []session.Result[found[T]]) {
	if r.Nowhere == nil || !r.Everywhere {
		return
	}
	for _, ref := range r.Refs {
		var searched []fleet.Target
		exists := ref.Qualified() // a missing one is a failure
		for _, result := range results {
			if result.Err == nil && result.Value.failed[ref] == nil {
				searched = append(searched, result.Key)
			}
			exists = exists || slices.ContainsFunc(result.Value.objects, func(p Planned[T]) bool {
				return slices.Contains(p.refs, ref) && failure.ReasonOf(p.err) != failure.NotFound
			})
		}
		if !exists && len(searched) > 0 {
			r.Nowhere(r.Describe(ref), searched)
		}
	}
}
