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

	// ClusterStatus looks up the clusters that the tokens are for, with one request more where a valid token is for one.
	ClusterStatus bool
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
		tokens := listed(target, found)
		if err == nil && a.ClusterStatus {
			a.lookUpClusters(ctx, target, c, tokens)
		}
		return tokens, err
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
