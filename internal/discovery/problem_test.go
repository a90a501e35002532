// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"testing"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/problem"
)

// Replay returns no other steps than those of stepNames.
func TestEveryStepHasACode(t *testing.T) {
	t.Parallel()
	steps := map[string]bool{}
	for _, joiner := range join.Joiners() {
		for _, name := range stepNames(joiner) {
			steps[name] = true
			if _, ok := problem.NewCatalog().Of(problem.Step, name); !ok {
				t.Errorf("step %s of %s has no code", name, joiner)
			}
		}
	}
	for _, p := range problem.All() {
		if p.Kind == problem.Step && !steps[p.Name] {
			t.Errorf("%s explains the step %s, which no joiner has", p.Code, p.Name)
		}
	}
}
