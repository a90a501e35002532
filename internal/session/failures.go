// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"

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
	f.all = append(f.all, Failure{Target: target, Err: failure.Plain(err)})
}

// AddCluster adds a failure about a cluster that has not joined yet.
func (f *Failures) AddCluster(hub fleet.Target, cluster string, err error) {
	f.all = append(f.all, Failure{Target: hub, Cluster: cluster, Err: failure.Plain(err)})
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
