// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"slices"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// SAList lists the revocable tokens of ServiceAccounts on every target.
type SAList struct {
	Session       *session.Session
	AllNamespaces bool
}

// A RevocableToken is the revocation Secret of a token on a target.
type RevocableToken struct {
	Target fleet.Target
	Secret satoken.RevocationSecret
	Now    time.Time // the server's time
}

// Run returns the tokens in the order of the targets.
func (a *SAList) Run(ctx context.Context) ([]RevocableToken, *session.Failures, error) {
	results, err := session.Each(ctx, a.Session, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]RevocableToken, error) {
		return listRevocable(ctx, target, c, a.AllNamespaces)
	})
	if err != nil {
		return nil, nil, err
	}
	lists, failures := session.Collect(a.Session, results)
	return slices.Concat(lists...), failures, nil
}

// listRevocable lists the revocable tokens of the namespace of a target, or of all namespaces.
func listRevocable(ctx context.Context, target fleet.Target, c *kube.Client, allNamespaces bool) ([]RevocableToken, error) {
	namespace, err := session.Namespace(target)
	if err != nil {
		return nil, err
	}
	if allNamespaces {
		namespace = ""
	}
	klog.V(1).InfoS("listing revocable tokens", "context", target.Context, "member", target.Member, "server", c.Server().Host, "namespace", namespace)
	secrets, now, err := satoken.List(ctx, c, namespace)
	out := make([]RevocableToken, 0, len(secrets))
	for _, secret := range secrets {
		out = append(out, RevocableToken{target, secret, now})
	}
	return out, c.ExplainProxyError(err)
}
