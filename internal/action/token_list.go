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

// TokenList lists the bootstrap tokens of every target.
type TokenList struct {
	Session  *session.Session
	Clusters []string // only tokens for these; none: all tokens
	Selector string   // only tokens whose Secrets match this label selector; "": all
}

// A ListedToken is a bootstrap token on a target, as far as it can be read.
type ListedToken struct {
	Target fleet.Target
	Secret *corev1.Secret
	Token  token.Token // zero where the Secret is malformed
	Spec   token.Spec
	Health token.Health
	Now    time.Time // the server's time
}

// Run returns the tokens in the order of the targets.
func (a *TokenList) Run(ctx context.Context) ([]ListedToken, *session.Failures, error) {
	selector := a.Selector
	if len(a.Clusters) > 0 {
		selector = strings.TrimPrefix(selector+","+token.SelectFor(a.Clusters...), ",")
	}
	results, err := session.Each(ctx, a.Session, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]ListedToken, error) {
		klog.V(1).InfoS("listing bootstrap tokens", "context", target.Context, "server", c.Server().Host)
		found, err := token.ReadInventory(ctx, c, selector)
		return listed(target, found), err
	})
	if err != nil {
		return nil, nil, err
	}
	lists, failures := session.Collect(a.Session, results)
	return slices.Concat(lists...), failures, nil
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
