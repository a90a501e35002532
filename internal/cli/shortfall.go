// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
)

// shortfall returns what counts the failures of a run.
func (c *connection) shortfall() *shortfall {
	if !c.many() {
		return &shortfall{}
	}
	return &shortfall{conn: c}
}

// leaves returns the failures as they are told: one by one, or by reason where there may be hundreds. One that leaves
// open what was done is always told by itself.
func (s *shortfall) leaves() []error {
	var out []error
	if s.conn == nil {
		for _, f := range s.failures {
			out = append(out, f)
		}
		return out
	}
	groups, order := map[failure.Reason][]targetFailure{}, []failure.Reason(nil)
	for _, f := range s.failures {
		reason := failure.ReasonOf(f.err)
		if groups[reason] == nil {
			order = append(order, reason)
		}
		groups[reason] = append(groups[reason], f)
	}
	for _, reason := range order {
		if reason != failure.Unknown {
			out = append(out, &alike{reason, groups[reason], s})
			continue
		}
		for _, f := range groups[reason] {
			out = append(out, f)
		}
	}
	return out
}

// An alike is failures of the same reason.
type alike struct {
	reason   failure.Reason
	failures []targetFailure
	of       *shortfall
}

func (a *alike) Error() string {
	return fmt.Sprintf("%s, %d of %d (%s): %v", a.reason, len(a.failures), len(a.of.failures)+a.of.done,
		strings.Join(briefly(a.names()), ", "), a.failures[0].err)
}

// hint returns that of the first one. To somebody who may not it names contexts that may reach the same control planes
// as somebody who may.
func (a *alike) hint() string {
	hint := hintOf(a.failures[0].err)
	if others := a.others(); a.reason == failure.Forbidden && len(others) > 0 {
		hint += "; these contexts reach the same control planes, perhaps as somebody else: " + strings.Join(briefly(others), ", ")
	}
	return hint
}

// names returns where the failures were, each once.
func (a *alike) names() []string {
	var out []string
	for _, f := range a.failures {
		name := a.of.conn.called(f.target)
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out
}

// others returns the contexts of the selection that were passed over for those where the failures were.
func (a *alike) others() []string {
	here := map[string]bool{}
	for _, f := range a.failures {
		here[f.target.Context] = true
	}
	var out []string
	for _, target := range a.of.conn.selected {
		if here[target.Context] {
			out = append(out, target.Duplicates()...)
		}
	}
	return out
}
