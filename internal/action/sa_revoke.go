// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// SARevoke revokes tokens of ServiceAccounts by deleting their revocation Secrets.
type SARevoke struct {
	Session       *session.Session
	Refs          []session.Ref
	Expired       bool // in place of Refs: delete the Secrets of all tokens that have expired
	AllNamespaces bool // with Expired
	Listed        bool // Refs come from a list
	Everywhere    bool // an unqualified reference means the token in every target that has it

	// Confirm asks about the expired tokens, or about several from a list; nil: they are deleted.
	Confirm func([]RevokedToken) bool
	// Nowhere hears of a token that is in none of the searched targets, with Everywhere.
	Nowhere func(name string, searched []fleet.Target)
}

// A RevokedToken is a token whose revocation Secret is deleted.
type RevokedToken = Planned[satoken.RevocationSecret]

// Run revokes the tokens and returns them.
func (a *SARevoke) Run(ctx context.Context) ([]RevokedToken, *session.Failures, error) {
	removal := &Removal[satoken.RevocationSecret]{
		Session:    a.Session,
		Refs:       a.Refs,
		Listed:     a.Listed,
		Everywhere: a.Everywhere,
		Nowhere:    a.Nowhere,
		Syntax:     "CONTEXT/NAME",
		Describe:   func(ref session.Ref) string { return "token " + ref.Name },
		Name:       func(secret satoken.RevocationSecret) string { return secret.Account.Namespace + "/" + secret.Name },
		Find:       findRevocable,
		Delete: func(ctx context.Context, _ fleet.Target, c *kube.Client, secret satoken.RevocationSecret, _ bool) error {
			return c.ExplainProxyError(secret.Revoke(ctx, c))
		},
	}
	if a.Session.Members.Many() {
		removal.Syntax = "CONTEXT/MEMBER/NAME"
	}
	if a.Expired {
		removal.Sweep = a.findExpired
	}
	if a.Confirm != nil {
		removal.Confirm = func(plan []RevokedToken) bool {
			return !a.Expired && (!a.Listed || len(plan) < 2) || a.Confirm(plan)
		}
	}
	return removal.Run(ctx)
}

// findRevocable returns the revocation Secret that a reference means on one target.
func findRevocable(ctx context.Context, target fleet.Target, c *kube.Client, ref session.Ref) ([]satoken.RevocationSecret, error) {
	namespace, err := session.Namespace(target)
	if err != nil {
		return nil, err
	}
	secret, err := satoken.GetRevocationSecret(ctx, c, namespace, ref.Name)
	explained := c.ExplainProxyError(err)
	if failure.ReasonOf(err) == failure.NotFound && errors.Is(err, explained) {
		return nil, nil // the Secret is missing, and not the member
	}
	if err != nil {
		return nil, explained
	}
	return []satoken.RevocationSecret{secret}, nil
}

func (a *SARevoke) findExpired(ctx context.Context, target fleet.Target, c *kube.Client) ([]satoken.RevocationSecret, error) {
	tokens, err := listRevocable(ctx, target, c, a.AllNamespaces)
	var expired []satoken.RevocationSecret
	for _, one := range tokens {
		if expires := one.Secret.Expires; !expires.IsZero() && one.Now.After(expires) {
			expired = append(expired, one.Secret)
		}
	}
	return expired, err
}
