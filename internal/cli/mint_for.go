// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// createForAll creates a token for every cluster on the one control plane, as many at once as control planes otherwise,
// and waits for all signatures together.
func (m *mint) createForAll(ctx context.Context, missed *shortfall) (results []fleet.Result[minted], problems []error, err error) {
	names, err := m.to.names(m.env)
	if err != nil {
		return nil, nil, err
	}
	if _, err := m.conn.targets(); err != nil {
		return nil, nil, err
	}
	if err := m.writable(names); err != nil {
		return nil, nil, err
	}
	desks, err := each(ctx, m.conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (desk, error) {
		d, err := m.prepare(ctx, target, c)
		if err == nil {
			d.there, err = m.existing(ctx, d)
		}
		if err == nil {
			m.caution(ctx, d, names)
		}
		return d, err
	})
	if err != nil {
		return nil, nil, err
	}
	d := desks[0].Value
	if err := desks[0].Err; err != nil {
		missed.add(desks[0].Target, err)
		return nil, nil, nil
	}
	var targets []fleet.Target
	for _, name := range names {
		targets = append(targets, d.target.With(name))
	}
	results = fleet.Each(ctx, m.conn.runner(len(targets), targetTimeout), targets, func(ctx context.Context, target fleet.Target) (minted, error) {
		if had, ok := d.there[target.Member]; ok {
			return had, nil
		}
		if err := fleet.Admitted(ctx); err != nil {
			return minted{}, err
		}
		return m.one(ctx, target, d)
	})
	m.conn.passWarnings(d.target, d.client)
	switch err := m.awaitAll(ctx, d, results); failure.ReasonOf(err) {
	case "":
	case failure.Interrupted:
		missed.add(d.target, fmt.Errorf("wait for the signatures: %w", err))
	default:
		problems = append(problems, err)
	}
	return results, problems, nil
}

// awaitAll waits until cluster-info is signed with all tokens that were made.
func (m *mint) awaitAll(ctx context.Context, d desk, results []fleet.Result[minted]) error {
	var made []token.Token
	for _, result := range results {
		if result.Value.secret != nil {
			made = append(made, result.Value.token)
		}
	}
	if d.finding == nil || m.dry != dryRunNone || len(made) == 0 {
		return nil
	}
	return m.offer.await(ctx, m.env, d.finding, made...)
}

// existing returns the tokens that clusters have already and that the server accepts, by the clusters' names.
func (m *mint) existing(ctx context.Context, d desk) (map[string]minted, error) {
	if !m.skip {
		return nil, nil
	}
	secrets, now, err := token.List(ctx, d.client, token.SelectFor())
	if err != nil {
		return nil, fmt.Errorf("look for clusters that have a token: %w", err)
	}
	there := map[string]minted{}
	for i := range secrets {
		tok, spec, err := token.Decode(&secrets[i])
		if err != nil || token.Evaluate(&secrets[i], now).Status != token.OK {
			continue
		}
		had := minted{token: tok, spec: spec, client: d.client, item: tokenItem{Context: d.target.Context, ID: tok.ID, Name: secrets[i].Name, Token: tok.Reveal()}}
		had.item.describe(spec, now)
		if d.finding != nil {
			had.item.join(m.offer.command(d.finding, tok, spec))
		}
		there[spec.For] = had
	}
	return there, nil
}

// caution warns, before a token is made, of what is likely to go wrong later.
func (m *mint) caution(ctx context.Context, d desk, names []string) {
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := d.there[name]; return ok })
	if len(missing) == 0 {
		return
	}
	if d.spec.Has(token.Signing) {
		m.cautionSignatures(ctx, d, len(missing))
	}
	if m.offer.joiner == join.Karmada {
		m.cautionMembers(ctx, d, missing)
	}
}

// cautionSignatures warns where cluster-info may not have room for the signatures of so many more tokens.
func (m *mint) cautionSignatures(ctx context.Context, d desk, more int) {
	signatures := more
	if d.finding != nil {
		signatures += d.finding.Signatures
	} else if info, err := discovery.Read(ctx, d.client, m.offer.joiner); err == nil {
		signatures += len(info.Signatures)
	}
	if signatures > discovery.ManySignatures {
		m.env.warn("cluster-info would hold %d signatures, and nears the 1 MiB that a ConfigMap may have: where that is full, at some %d, no further token is signed; make fewer at a time, and delete what has served", signatures, discovery.MaxSignatures)
	}
}

// cautionMembers warns of clusters that have joined already.
func (m *mint) cautionMembers(ctx context.Context, d desk, names []string) {
	members, err := d.client.MemberNames(ctx, "")
	switch failure.ReasonOf(err) {
	case "":
	case failure.Unsupported, failure.Interrupted: // there are no members here, or no time to ask
		return
	default:
		m.env.warn("whether a member of such a name exists cannot be told: %v", err)
		return
	}
	wanted := sets.New(names...)
	joined := slices.DeleteFunc(members, func(name string) bool { return !wanted.Has(name) })
	if len(joined) > 0 {
		m.env.warn("there are members of the name already, so that whoever joins under it is refused: %s", strings.Join(briefly(joined), ", "))
	}
}
