// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"slices"
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// Completion finds what a shell completes. Nobody reads an error there: a target that fails adds nothing.
type Completion struct{ Session *session.Session }

// Tokens returns the bootstrap tokens of the targets, the soonest to expire first. It reads only the Secrets of tokens.
func (a *Completion) Tokens(ctx context.Context) []ListedToken {
	tokens := collect(ctx, a.Session, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]ListedToken, error) {
		secrets, now, err := token.List(ctx, c, "")
		return listed(target, token.Inventory{Secrets: secrets, Now: now}), err
	})
	slices.SortStableFunc(tokens, func(a, b ListedToken) int { return compareExpiry(a.Spec.Expires, b.Spec.Expires) })
	return tokens
}

// compareExpiry orders times of expiry; the zero time, which is never, comes last.
func compareExpiry(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// Accounts returns the names of the ServiceAccounts in the namespaces of the targets.
func (a *Completion) Accounts(ctx context.Context) []string {
	return collect(ctx, a.Session, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]string, error) {
		namespace, err := session.Namespace(target)
		if err != nil {
			return nil, err
		}
		return c.ServiceAccounts(ctx, namespace)
	})
}

// Namespaces returns the names of the namespaces of the targets.
func (a *Completion) Namespaces(ctx context.Context) []string {
	return collect(ctx, a.Session, func(ctx context.Context, _ fleet.Target, c *kube.Client) ([]string, error) {
		return c.Namespaces(ctx)
	})
}

// Members returns the names of the members of the Karmada control planes that the contexts mean.
func (a *Completion) Members(ctx context.Context) []string {
	a.Session.Members = session.Members{}
	return collect(ctx, a.Session, func(ctx context.Context, _ fleet.Target, c *kube.Client) ([]string, error) {
		return c.MemberNames(ctx, "")
	})
}

// Revocable returns the revocable tokens of the namespaces of the targets.
func (a *Completion) Revocable(ctx context.Context) []RevocableToken {
	tokens := collect(ctx, a.Session, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]RevocableToken, error) {
		return listRevocable(ctx, target, c, false)
	})
	slices.SortStableFunc(tokens, func(a, b RevocableToken) int { return compareExpiry(a.Secret.Expires, b.Secret.Expires) })
	return tokens
}

func collect[T any](ctx context.Context, s *session.Session, op session.Operation[[]T]) []T {
	results, err := session.Each(ctx, s, 0, op)
	if err != nil {
		return nil
	}
	lists, _ := session.Collect(s, results)
	return slices.Concat(lists...)
}
