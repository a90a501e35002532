// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// unknownWidth is the width of tables for people if that of the terminal is not known.
const unknownWidth = 80

// reportHealthy names the control planes on which every check was made and none found a problem. The others have an error each, with
// the number of problems, which is printed at the end of every command.
func reportHealthy(s *session.Session, found *action.Diagnoses) {
	isProblem := func(f controlplane.Finding) bool { return f.Severity != controlplane.Info }
	for _, one := range found.Targets {
		if one.Complete && !slices.ContainsFunc(one.Findings, isProblem) {
			s.Terminal.Info("%s: no problems found in %s", session.Describe(one.Target), failure.Count(len(one.Findings), "check"))
		}
	}
}
