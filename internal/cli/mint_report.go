// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// report tells people about the tokens that were made.
func (m *mint) report(results []fleet.Result[minted]) {
	switch {
	case m.conn.many():
		m.reportMany(results)
	case m.to.many():
		m.reportForAll(results)
	default:
		m.reportOne(results)
	}
}

func (m *mint) reportOne(results []fleet.Result[minted]) {
	m.tellSkipped(results)
	for _, result := range results {
		item, spec, hub := result.Value.item, result.Value.spec, result.Target.Hub()
		if result.Value.secret == nil {
			continue
		}
		where := m.where(hub, result.Value)
		if m.dry == dryRunServer {
			m.env.say("the server of %s accepts token %s; nothing was created (server dry run)", where, item.ID)
			continue
		}
		m.env.say("created token %s in %s; it %s", item.ID, where, m.expiry(spec))
		m.env.say("revoke it with: joinctl token delete %s%s", item.ID, m.conn.flags(hub))
		m.warnOf(item.ID, spec)
	}
}

// reportMany tells about the tokens of many control planes at once.
func (m *mint) reportMany(results []fleet.Result[minted]) {
	last, count := lastMade(results)
	switch {
	case count == 0:
		return
	case m.dry == dryRunServer:
		m.env.say("%d servers accept a token; nothing was created (server dry run)", count)
		return
	}
	m.env.say("created %d tokens, one in each context; each %s", count, m.expiry(last.spec))
	m.env.say("revoke one with: joinctl token delete CONTEXT/ID; -o name prints them so")
	m.warnOf("each", last.spec)
}

// reportForAll tells about the tokens of many clusters at once, and names all that are without.
func (m *mint) reportForAll(results []fleet.Result[minted]) {
	m.tellSkipped(results)
	last, count := lastMade(results)
	var missing []string
	hub := fleet.Target{}
	for _, result := range results {
		hub = result.Target.Hub()
		if result.Err != nil && result.Value.secret == nil {
			missing = append(missing, result.Target.Member)
		}
	}
	switch {
	case count > 0 && m.dry == dryRunServer:
		m.env.say("the server of %s accepts %s; nothing was created (server dry run)", m.where(hub, last), counted(count, "token"))
	case count > 0:
		m.env.say("created %s in %s, one for each cluster; each %s", counted(count, "token"), m.where(hub, last), m.expiry(last.spec))
		m.env.say("revoke one with: joinctl token delete --for NAME%s", m.conn.flags(hub))
		m.warnOf("each", last.spec)
	}
	if m.dir != "" && count > 0 && m.dry == dryRunNone {
		m.env.say("their files are in %s, readable by their owner only", join.Quote(m.dir))
	}
	if len(missing) > 0 {
		m.env.say("%s without a token: %s", counted(len(missing), "cluster"), strings.Join(missing, ","))
		m.env.say("the same command with --skip-existing makes only what is missing")
	}
}

// tellSkipped names clusters that have a token already.
func (m *mint) tellSkipped(results []fleet.Result[minted]) {
	var skipped []string
	hub := fleet.Target{}
	for _, result := range results {
		if result.Err == nil && result.Value.secret == nil {
			skipped, hub = append(skipped, result.Target.Member), result.Target.Hub()
		}
	}
	if len(skipped) > 0 {
		m.env.say("skipped, since the cluster has a token: %s; joinctl token command --for NAME%s prints its command", strings.Join(briefly(skipped), ", "), m.conn.flags(hub))
	}
}

// warnOf warns of what a token is good for, or each of many.
func (m *mint) warnOf(id string, spec token.Spec) {
	m.warnForever(id, spec)
	if m.offer.prints() {
		m.offer.fits(m.env, id, spec)
	}
}

// lastMade returns the last of the tokens that were made, and how many those are.
func lastMade(results []fleet.Result[minted]) (last minted, count int) {
	for _, result := range results {
		if result.Value.secret != nil {
			last = result.Value
			count++
		}
	}
	return last, count
}

func (m *mint) where(hub fleet.Target, made minted) string {
	return fmt.Sprintf("%s (%s)", described(hub), made.client.Server().Redacted())
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
