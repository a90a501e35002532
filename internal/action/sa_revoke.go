// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

	// Confirm asks about the expired tokens, and about several from a list or of a ServiceAccount; nil: they are deleted.
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
		Describe:   describeRevocable,
		Name:       func(secret satoken.RevocationSecret) string { return secret.Account.Namespace + "/" + secret.Name },
		Find:       findRevocable,

		NotFoundHint: revocableHint,
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
			several := len(plan) > 1 && (a.Listed || slices.ContainsFunc(a.Refs, func(ref session.Ref) bool { return ref.Account != "" }))
			return !a.Expired && !several || a.Confirm(plan)
		}
	}
	return removal.Run(ctx)
}

// describeRevocable returns what people call the tokens that a reference means.
func describeRevocable(ref session.Ref) string {
	if ref.Account != "" {
		return "a revocable token of serviceaccount " + ref.Account
	}
	return "token " + ref.Name
}

// revocableHint says where else a token can be, and how to name all tokens of a ServiceAccount.
func revocableHint(target fleet.Target, ref session.Ref) string {
	hint := "sa list -A shows the tokens of all namespaces, and -n names another namespace"
	if target == (fleet.Target{}) {
		return hint
	}
	if namespace, err := session.Namespace(target); err == nil {
		hint = fmt.Sprintf("only namespace %s was searched: -n names another one, and sa list -A shows the tokens of all", namespace)
	}
	if ref.Account == "" {
		hint += "; sa/NAME means all tokens of the ServiceAccount NAME"
	}
	return hint
}

// findRevocable returns the revocation Secrets that a reference means on one target.
func findRevocable(ctx context.Context, target fleet.Target, c *kube.Client, ref session.Ref) ([]satoken.RevocationSecret, error) {
	if ref.Account != "" {
		var own []satoken.RevocationSecret
		all, err := listRevocable(ctx, target, c, false)
		for _, one := range all {
			if one.Secret.Account.Name == ref.Account {
				own = append(own, one.Secret)
			}
		}
		return own, err
	}
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
