// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
)

// Errors returns the failures as people read them: a *Group for each mistake, or each Failure by itself. A Failure that
// leaves open what was done is always by itself.
func (f *Failures) Errors() []error {
	var (
		out    []error
		groups = map[failure.Reason][]*Group{}
	)
	for _, one := range f.all {
		reason := failure.ReasonOf(one.Err)
		if f.session == nil || reason == failure.Unknown {
			out = append(out, one)
			continue
		}
		shape := shapeOf(one.Err)
		i := slices.IndexFunc(groups[reason], func(g *Group) bool { return shape.matches(g.shape) })
		if i < 0 {
			i = len(groups[reason])
			group := &Group{Reason: reason, shape: shape, total: len(f.all) + f.Done, session: f.session}
			groups[reason] = append(groups[reason], group)
			out = append(out, group)
		}
		groups[reason][i].failures = append(groups[reason][i].failures, one)
	}
	return out
}

// A Group is the failures that have the same reason and the same shape of message.
type Group struct {
	Reason   failure.Reason
	shape    shape
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
