// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// retire does with the old token what Old says, after the new one was delivered. A token that nobody can join with yet
// replaces none.
func (a *TokenRotate) retire(ctx context.Context, out *RotatedToken) {
	var err error
	switch acts := a.Old.Delete || a.Old.ExpireIn > 0; {
	case !acts:
		return
	case len(out.Findings) > 0, len(out.Failures.All()) > 0:
		err = errors.New("the new token is not ready for use")
	case a.DryRun == Client:
		return
	case a.Old.Delete:
		out.Deleted, err = a.deleteOld(ctx, out)
	default:
		out.Shortened, err = a.shortenOld(ctx, out)
	}
	if err == nil {
		return
	}
	did, kept := "deleted", "it stays valid"
	if !a.Old.Delete {
		did, kept = "changed", "it keeps its expiry"
	}
	ref := token.Ref{Name: out.Old.Name}
	text := fmt.Sprintf("the old token %s was not %s, and %s", ref, did, kept)
	if isOpen(err) {
		text = fmt.Sprintf("the old token %s may be %s", ref, did)
	}
	out.Failures.Add(out.Target, &failure.Error{
		Err:  fmt.Errorf("%s: %w", text, err),
		Hint: fmt.Sprintf("the new token %s exists and was printed; delete the old one with: joinctl token delete %s%s", out.Tokens[0].Token.ID, ref, a.Session.Arguments(out.Target)),
	})
}

// deleteOld deletes the very Secret that was found. One that is gone already is deleted.
func (a *TokenRotate) deleteOld(ctx context.Context, out *RotatedToken) (bool, error) {
	removal := &Removal[*corev1.Secret]{
		Session:        a.Session,
		Refs:           []session.Ref{{Context: out.Target.Context, Name: out.Old.Name}},
		IgnoreNotFound: true,
		DryRun:         a.DryRun,
		Describe:       describeToken,
		Name:           func(secret *corev1.Secret) string { return secret.Name },
		Find: func(context.Context, fleet.Target, *kube.Client, session.Ref) ([]*corev1.Secret, error) {
			return []*corev1.Secret{out.Old}, nil
		},
		Delete: func(ctx context.Context, _ fleet.Target, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
			return token.DeleteSecret(ctx, c, secret, dryRun)
		},
	}
	_, failures, err := removal.Run(ctx)
	if err != nil {
		return false, err
	}
	for _, one := range failures.All() {
		return false, one.Err
	}
	return true, nil
}

// shortenOld makes the old token expire soon, unless it expires earlier anyway.
func (a *TokenRotate) shortenOld(ctx context.Context, out *RotatedToken) (*token.Extended, error) {
	results := session.On(ctx, a.Session, []fleet.Target{out.Target}, 0, func(ctx context.Context, _ fleet.Target, c *kube.Client) (*token.Extended, error) {
		now, err := c.TimeForExpiry(ctx)
		if err != nil {
			return nil, err
		}
		if old := out.OldSpec.Expires; !old.IsZero() && old.Before(now.Add(time.Second)) {
			return nil, nil // it has expired
		}
		e := token.Extension{Lifetime: token.Lifetime{TTL: a.Old.ExpireIn}, OnlyShorten: true}
		extended, err := token.Extend(ctx, c, out.Old, e, now, a.DryRun == Server)
		if err != nil || !extended.IsChanged() {
			return nil, err
		}
		return &extended, nil
	})
	return results[0].Value, results[0].Err
}
