// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// find prepares the join command, where one is wanted.
func (m *mint) find(ctx context.Context, target fleet.Target, c *kube.Client) (*discovery.Finding, error) {
	if !m.offer.prints() {
		return nil, nil
	}
	return m.offer.find(ctx, m.env, target, c)
}

// print writes the credentials: by default nothing but the token or the command, with its context where there could be
// several.
func (m *mint) print(format *output.Format, made output.List[tokenItem], commands bool) error {
	view := located(m.conn, mintView(commands), tokenItem.at)
	switch {
	case !format.IsDefault():
		return output.Print(m.env.Out, format, made, view)
	case m.conn.many() && m.dry == dryRunNone:
		view.Columns = view.Columns[:2]
		return output.Print(m.env.Out, format, made, view)
	}
	var out strings.Builder
	for _, item := range made.Items {
		if m.dry == dryRunNone {
			out.WriteString(first(item.Command, item.Token) + "\n")
		}
	}
	_, err := m.env.Out.Write([]byte(out.String()))
	return err
}

// mintView is how new tokens look in a table: the credential, and what is worth knowing about it.
func mintView(commands bool) output.View[tokenItem] {
	view := tokenView()
	credential := output.Column[tokenItem]{Title: "Token", Cell: func(i tokenItem) string { return first(i.Token, i.ID) }}
	if commands {
		credential = output.Column[tokenItem]{Title: "Command", Cell: func(i tokenItem) string { return first(i.Command, i.ID) }}
	}
	view.Columns = append([]output.Column[tokenItem]{credential}, view.Columns[1:6]...)
	return view
}

// report tells people about the tokens that were made.
func (m *mint) report(results []fleet.Result[minted]) {
	if m.conn.many() {
		m.reportMany(results)
		return
	}
	for _, result := range results {
		item, spec := result.Value.item, result.Value.spec
		if result.Value.secret == nil {
			continue
		}
		where := fmt.Sprintf("%s (%s)", described(result.Target.Context), result.Value.client.Server().Redacted())
		if m.dry == dryRunServer {
			m.env.say("the server of %s accepts token %s; nothing was created (server dry run)", where, item.ID)
			continue
		}
		m.env.say("created token %s in %s; it %s", item.ID, where, m.expiry(spec))
		m.env.say("revoke it with: joinctl token delete %s%s", item.ID, m.conn.flags(result.Target))
		m.warnForever(item.ID, spec)
		if m.offer.prints() {
			m.offer.fits(m.env, item.ID, spec)
		}
	}
}

// reportMany tells about all of them at once.
func (m *mint) reportMany(results []fleet.Result[minted]) {
	var last minted
	count := 0
	for _, result := range results {
		if result.Value.secret != nil {
			last = result.Value
			count++
		}
	}
	switch {
	case count == 0:
		return
	case m.dry == dryRunServer:
		m.env.say("%d servers accept a token; nothing was created (server dry run)", count)
		return
	}
	m.env.say("created %d tokens, one in each context; each %s", count, m.expiry(last.spec))
	m.env.say("revoke one with: joinctl token delete CONTEXT/ID; -o name prints them so")
	m.warnForever("each", last.spec)
	if m.offer.prints() {
		m.offer.fits(m.env, "each", last.spec)
	}
}

// expiry says when a token expires, relative and absolute.
func (m *mint) expiry(spec token.Spec) string {
	if m.ttl == 0 {
		return "never expires"
	}
	return fmt.Sprintf("expires in %s, at %s", brief(m.ttl), spec.Expires.UTC().Format(time.RFC3339))
}

func (m *mint) warnForever(id string, spec token.Spec) {
	switch {
	case m.ttl > 0:
	case isKarmada(spec):
		m.env.warn("token %s NEVER EXPIRES: where Karmada approves joins automatically, whoever holds it can become cluster-admin of this control plane at any time; delete it as soon as the member has joined", id)
	default:
		m.env.warn("token %s never expires: delete it as soon as it has served", id)
	}
}

// plan shows what would be created: for people on stderr, or as the manifest of the Secret. It asks no server, so the
// expiry counts from this machine's clock.
func (m *mint) plan(format *output.Format) error {
	tok, spec := m.given, m.spec
	if m.ttl > 0 {
		spec.Expires = m.env.Now().Add(m.ttl).UTC().Truncate(time.Second)
	}
	if format.Structured() {
		if tok.IsZero() {
			var err error
			if tok, err = token.Generate(m.env.Rand); err != nil {
				return err
			}
		}
		m.warnForever(tok.ID, spec)
		return output.Object(m.env.Out, format, token.Encode(tok, spec))
	}
	targets, err := m.conn.targets()
	if err != nil {
		return err
	}
	id := first(tok.ID, "with a random ID")
	for _, target := range targets {
		m.env.say("would create token %s in %s; it %s", id, described(target.Context), m.expiry(spec))
		m.env.say("would give it usages %s, groups %s, description %q", list(spec.Usages), list(spec.Groups), spec.Description)
		if m.offer.prints() {
			m.env.say("would check cluster-info at %s first, and print a command for %s", first(m.offer.endpoint.HostPort(), "the context's server"), m.offer.joiner)
		}
	}
	m.env.say("nothing was created (client dry run); -o yaml prints the Secret")
	m.warnForever(id, spec)
	return nil
}
