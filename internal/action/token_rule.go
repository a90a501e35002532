// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// The names of the rules. They are stable.
const (
	ruleExpired      = "expired"
	ruleNeverExpires = "never-expires"
	ruleExpiring     = "expiring"
	ruleMalformed    = "malformed"
	ruleNoneValid    = "none-valid"
)

// A TokenRule is a state of tokens that an audit reports. Times are those of the server.
type TokenRule struct {
	name   string
	within time.Duration // of the rule expiring
}

// TokenRuleNames returns the rules as the operator writes them; a name that ends in = takes an argument.
func TokenRuleNames() []string {
	return []string{ruleExpired, ruleNeverExpires, ruleExpiring + "=", ruleMalformed, ruleNoneValid}
}

// ParseTokenRules reads rules: expired, never-expires, expiring=DURATION, malformed, none-valid.
func ParseTokenRules(words []string) ([]TokenRule, error) {
	var out []TokenRule
	for _, word := range words {
		name, argument, given := strings.Cut(word, "=")
		rule := TokenRule{name: name}
		switch {
		case name == ruleExpiring:
			d, err := time.ParseDuration(argument)
			if err != nil || d <= 0 {
				return nil, errors.New("expiring needs a duration above 0: expiring=24h")
			}
			rule.within = d
		case given || !slices.Contains([]string{ruleExpired, ruleNeverExpires, ruleMalformed, ruleNoneValid}, name):
			return nil, errors.New("must be of: expired, never-expires, expiring=DURATION, malformed, none-valid")
		}
		if !slices.Contains(out, rule) {
			out = append(out, rule)
		}
	}
	return out, nil
}

// breaks reports whether a token alone makes an audit report it.
func (r TokenRule) breaks(t ListedToken) bool {
	valid := t.Health.Status == token.OK // a token of another program, or one that the server refuses, lets nobody join
	switch r.name {
	case ruleExpired:
		return t.Health.Status == token.Expired
	case ruleNeverExpires:
		return valid && t.neverExpires()
	case ruleExpiring:
		return valid && TokenFilter{ExpiringWithin: r.within}.Matches(t)
	case ruleMalformed:
		return t.Health.Status == token.Malformed && t.Secret.Type == corev1.SecretTypeBootstrapToken
	}
	return false
}

// check judges all tokens of a target, and returns nil if the rule finds nothing. clusters are those that the tokens were
// selected for: each needs a valid one of its own.
func (r TokenRule) check(target fleet.Target, tokens []ListedToken, clusters []string) error {
	if r.name == ruleNoneValid {
		return r.checkValid(target, tokens, clusters)
	}
	var found []string
	for _, one := range tokens {
		if r.breaks(one) {
			found = append(found, token.Ref{Name: one.Secret.Name}.String())
		}
	}
	if len(found) == 0 {
		return nil
	}
	n := len(found)
	text := map[string]string{
		ruleExpired:      failure.Count(n, "expired token"),
		ruleNeverExpires: failure.Count(n, "valid token") + " without an expiry",
		ruleExpiring:     failure.Count(n, "valid token") + " with at most " + failure.Duration(r.within) + " left",
		ruleMalformed:    failure.Count(n, "malformed token"),
	}[r.name]
	hint := map[string]string{
		ruleExpired:      "joinctl token prune deletes expired tokens; doctor shows whether a token cleaner runs",
		ruleNeverExpires: "joinctl token extend REF --ttl 24h gives a token an expiry; joinctl token delete REF ends it now",
		ruleExpiring:     "joinctl token extend REF --ttl 24h, or joinctl token rotate REF",
		ruleMalformed:    "joinctl token list shows why; joinctl token delete REF deletes one",
	}[r.name]
	return &CheckFailed{Text: fmt.Sprintf("%s: %s: %s", session.Describe(target), text, failure.Few(found)), Hint: hint}
}

func (r TokenRule) checkValid(target fleet.Target, tokens []ListedToken, clusters []string) error {
	isValid := func(t ListedToken) bool { return t.Health.Status == token.OK }
	text, hint := "", "joinctl token create"
	switch missing := slices.DeleteFunc(slices.Clone(clusters), func(cluster string) bool {
		return slices.ContainsFunc(tokens, func(t ListedToken) bool { return isValid(t) && t.Spec.For == cluster })
	}); {
	case len(missing) > 0:
		text = "no valid token for " + failure.Few(missing)
		for _, cluster := range missing[:min(len(missing), 5)] {
			hint += " --for " + cluster
		}
	case len(clusters) == 0 && !slices.ContainsFunc(tokens, isValid):
		text = "no valid token"
	default:
		return nil
	}
	return &CheckFailed{Text: session.Describe(target) + ": " + text, Hint: hint + " creates one"}
}
