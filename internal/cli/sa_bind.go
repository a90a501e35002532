// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/satoken"
)

// bind makes the Secret that a revocable token dies with.
func (m *saMint) bind(ctx context.Context, target fleet.Target, g granted) (satoken.RevocationSecret, error) {
	name, err := satoken.GenerateName(m.env.Rand, g.account)
	if err != nil {
		return satoken.RevocationSecret{}, err
	}
	m.tried.Store(target, name)
	return satoken.CreateRevocationSecret(ctx, g.client, g.account, name)
}

// unbind takes the Secret of a token back that is not handed over.
func (m *saMint) unbind(ctx context.Context, g *granted) error {
	if g.binding.IsZero() {
		return nil
	}
	if err := g.binding.Undo(ctx, g.client); err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("secret %s/%s still exists in %s: %w", g.account.Namespace, g.binding.Name, described(g.at), err),
			Hint: "remove it with: " + m.revocation(g.at, g.account, g.binding.Name),
		}
	}
	g.binding = satoken.RevocationSecret{}
	return nil
}

// takeBack revokes what was granted and could not be handed over.
func (m *saMint) takeBack(ctx context.Context, results []fleet.Result[granted]) error {
	var errs []error
	for _, result := range results {
		errs = append(errs, m.unbind(ctx, &result.Value))
	}
	return errors.Join(errs...)
}

// named adds the Secret to the failure of a target that was given up while it was under way.
func (m *saMint) named(result fleet.Result[granted]) error {
	name, tried := m.tried.Load(result.Target)
	if !tried || result.Value.client != nil {
		return result.Err
	}
	account, err := accountIn(result.Target, m.name)
	if err != nil {
		return result.Err
	}
	at := result.Target
	if m.viaHub {
		at = at.Hub()
	}
	return &failure.Error{
		Reason: failure.Unknown,
		Err:    fmt.Errorf("secret %s/%s may exist: %w", account.Namespace, name, result.Err),
		Hint:   "remove it, and the token that may be bound to it, with: " + m.revocation(at, account, name.(string)),
	}
}

// revocation is the command that revokes a token.
func (m *saMint) revocation(target fleet.Target, account satoken.Account, name string) string {
	return fmt.Sprintf("joinctl sa revoke %s -n %s%s", name, account.Namespace, m.conn.flags(target))
}

// tellAll says what was granted: of each, or of many in one line.
func (m *saMint) tellAll(results []fleet.Result[granted]) {
	count := 0
	for _, result := range results {
		switch {
		case result.Value.token.IsZero():
		case m.conn.many():
			count++
			m.tellGranted(result.Value)
		default:
			m.tell(result.Value)
		}
	}
	if count > 0 {
		m.env.say("minted %s of serviceaccount %s, one for each %s; -o json shows when each expires", counted(count, "token"), m.name, m.conn.kind())
	}
	if count > 0 && m.revocable {
		m.env.say("revoke one with: joinctl sa revoke %s; joinctl sa list -o name prints them so", m.conn.form())
	}
}

// tell says what was granted, and where that is not what was asked.
func (m *saMint) tell(g granted) {
	m.env.say("minted a token of serviceaccount %s in %s (%s); it %s", g.account, described(g.at), g.client.Server().Redacted(), expiry(g.token))
	if !g.binding.IsZero() {
		m.env.say("revoke it with: %s", m.revocation(g.at, g.account, g.binding.Name))
	}
	m.tellGranted(g)
}

// tellGranted warns of a lifetime that is another than was asked for.
func (m *saMint) tellGranted(g granted) {
	const tolerance = 10 // per cent
	life, asked := g.token.Lifetime(), m.spec.Lifetime
	if asked > 0 && life > 0 && (life-asked).Abs() > asked*tolerance/100 {
		m.env.warn("%s was asked for, and %s granted", brief(asked), brief(life))
	}
}

// expiry says when a token expires, relative and absolute.
func expiry(t satoken.Token) string {
	at, life := t.Expires(), t.Lifetime()
	switch {
	case at.IsZero():
		return "expires at a time that the server does not tell"
	case life == 0:
		return "expires at " + stamp(at)
	}
	return fmt.Sprintf("expires in %s, at %s", brief(life), stamp(at))
}
