// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// checkRights refuses a join command on a target where a join with the token lacks rights. It warns where this client may
// not ask about the rights of others. A control plane of another kind than the joiner's has a warning already.
func (o *JoinCommandOptions) checkRights(
	ctx context.Context, s *session.Session, target fleet.Target, c *kube.Client, found *discovery.Result, spec token.Spec,
) error {
	if o.NoVerify || found.OtherKind {
		return nil
	}
	lacks, err := controlplane.MissingRights(ctx, c, o.Joiner, spec.Groups)
	switch failure.ReasonOf(err) {
	case "":
	case failure.Forbidden, failure.NotFound, failure.Unsupported:
		s.Warn(target, fmt.Sprintf("the rights that a join needs were not checked: %v; joinctl doctor checks them, as a user who may create subjectaccessreviews", err))
		return nil
	default:
		return err
	}
	if len(lacks) == 0 {
		return nil
	}
	setUp, arguments := o.Joiner.Description().SetUp, s.Arguments(target)
	command := setUp.Command
	if strings.HasPrefix(command, "joinctl ") {
		command += arguments
	}
	return &failure.Error{
		Reason: failure.Invalid,
		Err:    fmt.Errorf("a join would fail: %s", strings.Join(lacks, "; ")),
		Hint:   fmt.Sprintf("%s grants these rights, and joinctl doctor%s shows all that is wrong; --no-verify goes on all the same", command, arguments),
	}
}
