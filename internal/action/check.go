// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// Check replays a join on the machine that joins. It reads no kubeconfig and changes nothing.
type Check struct {
	Attempt join.Attempt
	Member  discovery.Member
}

// CheckedJoin is what Check found.
type CheckedJoin struct {
	Steps    []discovery.Step // every step of the joiner, in order
	Findings []error          // a *CheckFailed for each step at which the join would fail
}

// Run replays the join. The error says that the run was interrupted, or that no step failed and one got no answer in time, so
// that nobody can tell whether the join works. The result has the steps in either case.
func (a *Check) Run(ctx context.Context) (*CheckedJoin, error) {
	endpoint := a.Attempt.Endpoint.HostPort()
	klog.V(1).InfoS("replaying a join", "joiner", a.Attempt.Joiner.String(), "endpoint", endpoint)
	out := &CheckedJoin{Steps: a.Member.Replay(ctx, a.Attempt)}
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("check the join at %s: %w", endpoint, err)
	}
	var unknown error
	for _, step := range out.Steps {
		switch step.Status {
		case discovery.Unknown:
			unknown = errors.Join(unknown, &failure.Error{
				Reason: failure.Timeout,
				Err:    fmt.Errorf("check the join at %s: step %s: %s", endpoint, step.Name, step.Cause),
				Hint:   step.Fix,
			})
		case discovery.Failed:
			out.Findings = append(out.Findings, &CheckFailed{
				Text: fmt.Sprintf("the join would fail at %s: %s", step.Name, step.Cause),
				Hint: step.Fix,
				Step: step.Name,
			})
		}
	}
	if len(out.Findings) == 0 {
		return out, unknown
	}
	return out, nil
}
