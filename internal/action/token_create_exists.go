// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// existing reads the Secret of the token's name that exists. It returns the Secret if this request created it, which a proxy
// sent twice; else it returns an error with a hint that names only commands that work on the Secret.
func (a *TokenCreate) existing(ctx context.Context, c *kube.Client, target fleet.Target, err error, ours func(*corev1.Secret) bool) (*corev1.Secret, error) {
	found, getErr := token.Get(context.WithoutCancel(ctx), c, token.RefTo(a.Token.ID))
	if getErr == nil && ours(found) {
		return found, nil
	}
	return nil, a.existsError(target, found, getErr, err)
}

// existsError is the error where a Secret of the token's name exists, which was read if getErr is nil.
func (a *TokenCreate) existsError(target fleet.Target, found *corev1.Secret, getErr, err error) error {
	ref := token.RefTo(a.Token.ID)
	if failure.ReasonOf(getErr) == failure.Invalid {
		return &failure.Error{
			Err:  fmt.Errorf("%w; it is no token, and was left as it is: %w", err, getErr),
			Hint: "create the token with another ID",
		}
	}
	arguments := a.Session.Arguments(target)
	remove := fmt.Sprintf("joinctl token delete %s%s removes it", ref, arguments)
	out := &failure.Error{Err: fmt.Errorf("token %s exists already, and was left as it is: %w", ref, err), Hint: remove}
	if getErr != nil {
		out.Err = fmt.Errorf("token %s exists already, or was created by this request, which a proxy can have sent twice; it cannot be read: %w", ref, err)
	}
	switch {
	case getErr != nil, a.canJoin(found):
		out.Hint = fmt.Sprintf("joinctl token command %s%s prints its join command, and %s", ref, arguments, remove)
	case token.Evaluate(found, a.Session.Now()).Status == token.Other:
		out.Hint = "it is not for joining: create the token with another ID"
	}
	return out
}

// canJoin reports whether token command prints a join command for a token. This machine's clock is good enough for a hint.
func (a *TokenCreate) canJoin(secret *corev1.Secret) bool {
	_, spec, _ := token.Decode(secret)
	return token.Evaluate(secret, a.Session.Now()).Status == token.OK && spec.CanJoin()
}
