// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenList lists the bootstrap tokens of every target, and judges them.
type TokenList struct {
	Session  *session.Session
	Clusters []string    // only tokens for these; none: all tokens
	Selector string      // only tokens whose Secrets match this label selector; "": all
	Filter   TokenFilter // which of these are shown
	FailOn   []TokenRule // what all of these are judged by, shown or not

	// ClusterStatus looks up the clusters that the tokens are for, with one request more where a valid token is for one.
	ClusterStatus bool
	// Uses looks up who used the tokens, with one request more where there are tokens.
	Uses bool
	// Signatures looks up whether cluster-info is signed with the tokens, with one request more where a valid token is for that.
	Signatures bool

	watched bool // the tokens are listed again and again
}

// TokenLists is what TokenList found, in the order of the targets.
type TokenLists struct {
	Shown    []ListedToken
	Answered []fleet.Target // those that did not fail
	Failures *session.Failures
	Findings []error // a *CheckFailed for each rule that a target breaks
}

// A ListedToken is a bootstrap token on a target, as far as it can be read.
type ListedToken struct {
	Target fleet.Target
	Secret *corev1.Secret
	Token  token.Token // zero where the Secret is malformed
	Spec   token.Spec
	Health token.Health
	Now    time.Time // the server's time

	ClusterStatus ClusterStatus // of the cluster that the token is for; "": not known
	Uses          *token.Uses   // nil: not known
	Signed        *bool         // cluster-info has a valid signature of it; nil: not known, or the server needs none
}

// Run lists the tokens. The error says that nothing was attempted.
func (a *TokenList) Run(ctx context.Context) (*TokenLists, error) {
	results, err := session.Each(ctx, a.Session, 0, a.onTarget)
	if err != nil {
		return nil, err
	}
	out := &TokenLists{}
	_, out.Failures = session.Collect(a.Session, results)
	for _, result := range results {
		if result.Err != nil {
			continue
		}
		out.Answered = append(out.Answered, result.Key)
		for _, rule := range a.FailOn {
			if finding := rule.check(result.Key, result.Value, a.Clusters); finding != nil {
				out.Findings = append(out.Findings, finding)
			}
		}
		out.Shown = append(out.Shown, a.shown(result.Value)...)
	}
	return out, nil
}

// onTarget returns all tokens of a target that the selectors select, shown or not.
func (a *TokenList) onTarget(ctx context.Context, target fleet.Target, c *kube.Client) ([]ListedToken, error) {
	klog.V(1).InfoS("listing bootstrap tokens", "context", target.Context, "server", c.Server().Host)
	selector := a.Selector
	if len(a.Clusters) > 0 {
		selector = strings.TrimPrefix(selector+","+token.SelectFor(a.Clusters...), ",")
	}
	found, info, err := a.read(ctx, target, c, selector)
	if err != nil {
		return nil, err
	}
	tokens := listed(target, found)
	addSignatures(tokens, info)
	if err := a.lookUpClusters(ctx, target, c, tokens); err != nil {
		return nil, err
	}
	return tokens, a.lookUpUses(ctx, target, c, tokens)
}

// shown returns the tokens that match the filter.
func (a *TokenList) shown(tokens []ListedToken) []ListedToken {
	return slices.DeleteFunc(slices.Clone(tokens), func(t ListedToken) bool { return !a.Filter.Matches(t) })
}

func listed(target fleet.Target, found token.Inventory) []ListedToken {
	out := make([]ListedToken, 0, len(found.Secrets))
	for i := range found.Secrets {
		secret := &found.Secrets[i]
		one := ListedToken{Target: target, Secret: secret, Health: found.Health(secret), Now: found.Now}
		one.Token, one.Spec, _ = token.Decode(secret) // Health says why it cannot be read
		out = append(out, one)
	}
	return out
}
