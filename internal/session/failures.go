// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
)

// Failures are the part of the work that failed, target by target or object by object. The zero Failures report each by
// itself.
type Failures struct {
	Done int // targets or objects that did not fail

	all     []Failure
	session *Session // that groups them by reason; nil: each is reported by itself
}

// A Failure is why something failed, and where.
type Failure struct {
	Target  fleet.Target // zero: it is about no target in particular
	Cluster string       // the cluster, not joined yet, that it is about; "" for none
	Err     error
}

// Error returns the failure with the name of its target.
func (f Failure) Error() string {
	switch {
	case f.Cluster != "":
		return fmt.Sprintf("cluster %q: %v", f.Cluster, f.Err)
	case f.Target.Member != "" && f.Target.Context == "":
		return fmt.Sprintf("member %q: %v", f.Target.Member, f.Err)
	case f.Target.Member != "":
		return fmt.Sprintf("member %q of context %q: %v", f.Target.Member, f.Target.Context, f.Err)
	case f.Target.Context != "":
		return fmt.Sprintf("context %q: %v", f.Target.Context, f.Err)
	}
	return f.Err.Error()
}

// Unwrap returns the failure without its target.
func (f Failure) Unwrap() error { return f.Err }

// NewFailures returns Failures that are grouped by reason where the Options can mean many targets.
func (s *Session) NewFailures() *Failures {
	if s.Many() {
		return s.GroupedFailures()
	}
	return &Failures{}
}

// GroupedFailures returns Failures that are grouped by reason.
func (s *Session) GroupedFailures() *Failures { return &Failures{session: s} }

// Collect returns the values of the results that did not fail, and the Failures of the others.
func Collect[T any](s *Session, results []Result[T]) ([]T, *Failures) {
	failures := s.NewFailures()
	var values []T
	for _, result := range results {
		if result.Err != nil {
			failures.Add(result.Key, result.Err)
			continue
		}
		failures.Done++
		values = append(values, result.Value)
	}
	return values, failures
}

// Add adds a failure on a target.
func (f *Failures) Add(target fleet.Target, err error) {
	f.all = append(f.all, Failure{Target: target, Err: err})
}

// AddCluster adds a failure about a cluster that has not joined yet.
func (f *Failures) AddCluster(hub fleet.Target, cluster string, err error) {
	f.all = append(f.all, Failure{Target: hub, Cluster: cluster, Err: err})
}

// All returns the failures in the order in which they were added.
func (f *Failures) All() []Failure { return f.all }

// Any reports whether anything failed.
func (f *Failures) Any() bool { return len(f.all) > 0 }

// OnlyConfig reports whether nothing was done and all failed because the kubeconfig is wrong.
func (f *Failures) OnlyConfig() bool {
	for _, one := range f.all {
		if !failure.IsConfig(one.Err) {
			return false
		}
	}
	return f.Any() && f.Done == 0
}

// Errors returns the failures as people read them: a *Group for each reason, or each Failure by itself. A Failure that
// leaves open what was done is always by itself.
func (f *Failures) Errors() []error {
	var (
		out    []error
		groups = map[failure.Reason]*Group{}
	)
	for _, one := range f.all {
		reason := failure.ReasonOf(one.Err)
		if f.session == nil || reason == failure.Unknown {
			out = append(out, one)
			continue
		}
		if groups[reason] == nil {
			groups[reason] = &Group{Reason: reason, total: len(f.all) + f.Done, session: f.session}
			out = append(out, groups[reason])
		}
		groups[reason].failures = append(groups[reason].failures, one)
	}
	return out
}

// A Group is the failures that have the same reason.
type Group struct {
	Reason   failure.Reason
	failures []Failure
	total    int // failures and successes of the run
	session  *Session
}

// Error returns the reason, how many failed and where, and the first failure.
func (g *Group) Error() string {
	where := ""
	if names := g.names(); len(names) > 0 {
		where = " (" + failure.Quoted(names) + ")"
	}
	return fmt.Sprintf("%s, %d of %d%s: %v", g.Reason, len(g.failures), g.total, where, g.First())
}

// First returns the first failure, without its target.
func (g *Group) First() error { return g.failures[0].Err }

// names returns where the failures are, each once.
func (g *Group) names() []string {
	var out []string
	for _, one := range g.failures {
		name := one.Cluster
		if name == "" {
			name = g.session.DisplayName(one.Target)
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Alternatives returns the selected contexts that were skipped because they reach the same control planes.
func (g *Group) Alternatives() []string {
	failed := map[string]bool{}
	for _, one := range g.failures {
		failed[one.Target.Context] = true
	}
	var out []string
	for _, target := range g.session.targets {
		if failed[target.Context] {
			out = append(out, target.Duplicates()...)
		}
	}
	return out
}
