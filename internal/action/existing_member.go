// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// checkMembers refuses clusters under whose names a member exists on a target, and warns of them if Rejoin is set. When
// karmadactl register fails because the Cluster exists, it deletes the ClusterRole, the Roles and the bindings under this
// name, whoever created them (karmada pkg/karmadactl/register/register.go). Whether a member exists is not known where this
// client may not list members: that is a warning.
func (o *JoinCommandOptions) checkMembers(ctx context.Context, s *session.Session, target fleet.Target, c *kube.Client, clusters ...string) error {
	if len(clusters) == 0 || !o.Joiner.TakesClusterName() {
		return nil
	}
	members, err := c.MemberNames(ctx, "")
	switch failure.ReasonOf(err) {
	case "":
	case failure.Unsupported, failure.Interrupted: // there are no members here, or no time to ask
		return nil
	default:
		s.Warn(target, fmt.Sprintf("cannot tell whether members of these names exist: %v", err))
		return nil
	}
	wanted := sets.New(clusters...)
	existing := slices.DeleteFunc(members, func(name string) bool { return !wanted.Has(name) })
	if len(existing) == 0 {
		return nil
	}
	text := fmt.Sprintf("members of these names exist already: %s: where another cluster runs the command, karmadactl register fails, "+
		"and its clean-up deletes the ClusterRole, the Roles and the bindings of the member that has joined: "+
		"an agent (pull mode) loses its rights and stops", failure.Quoted(existing))
	if o.Rejoin {
		s.Warn(target, text)
		return nil
	}
	return &failure.Error{
		Reason: failure.Conflict,
		Err:    fmt.Errorf("%s", text),
		Hint: "leave these names out, or choose others; to join the same cluster again, remove it first with karmadactl unregister, " +
			"or unjoin for push mode; --rejoin goes on all the same",
	}
}
