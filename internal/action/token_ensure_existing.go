// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// The annotations of a Secret with a published token. They tell a user who may not list tokens which one is published.
const (
	forAnnotation     = "joinctl.io/for"
	idAnnotation      = "joinctl.io/token-id"
	expiresAnnotation = "joinctl.io/expires"
	neverExpires      = "never"
)

// A candidate is a token that exists for a cluster.
type candidate struct {
	token  token.Token
	spec   token.Spec
	secret *corev1.Secret
	health token.Health
}

// left returns for how long the token is valid.
func (c candidate) left(now time.Time) time.Duration {
	if c.spec.Expires.IsZero() {
		return 1<<63 - 1
	}
	return c.spec.Expires.Sub(now)
}

// list returns the tokens that exist for the clusters, the one that is valid for longest first.
func (a *TokenEnsure) list(ctx context.Context, c *kube.Client) (map[string][]candidate, error) {
	const most = 20 // names in one selector
	selector := token.SelectFor()
	if len(a.Clusters) <= most {
		selector = token.SelectFor(a.Clusters...)
	}
	secrets, now, err := token.List(ctx, c, selector)
	if err != nil {
		return nil, err
	}
	out := map[string][]candidate{}
	for i := range secrets {
		one := candidate{secret: &secrets[i], health: token.Evaluate(&secrets[i], now)}
		if one.token, one.spec, err = token.Decode(&secrets[i]); err == nil {
			out[one.spec.For] = append(out[one.spec.For], one)
		}
	}
	for _, all := range out {
		slices.SortFunc(all, func(x, y candidate) int {
			return cmp.Or(cmp.Compare(y.left(now), x.left(now)), cmp.Compare(x.token.ID, y.token.ID))
		})
	}
	return out, nil
}

// serves reports whether the server accepts a token for all that is wanted, for long enough.
func (a *TokenEnsure) serves(one candidate, want token.Spec, now time.Time) bool {
	lacks := slices.ContainsFunc(want.Usages, func(usage string) bool { return !one.spec.Has(usage) })
	return one.health.Status == token.OK && !lacks && sameGroups(one.spec.Groups, want.Groups) && one.left(now) >= max(a.MinTTL, time.Second)
}

func sameGroups(x, y []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
}

// existing returns the token to hand out of those that exist: the published one if it serves, so that nothing changes, else
// the one that is valid for longest.
func (e *ensuredToken) existing(ctx context.Context) (found candidate, ok bool, err error) {
	published := e.published()
	if e.hub.forbidden != nil {
		return e.remembered(ctx, published)
	}
	for _, one := range e.known {
		if !e.serves(one, e.hub.spec, e.hub.now) {
			continue
		}
		if !ok || one.token == published {
			found, ok = one, true
		}
	}
	return found, ok, nil
}

// published returns the token that the destination has, the zero Token if it has none.
func (e *ensuredToken) published() token.Token {
	if e.to == nil {
		return token.Token{}
	}
	return tokenIn(e.to.Value(e.dataKey()))
}

// remembered returns the published token if the destination says that it is valid long enough, and the server still accepts
// it.
func (e *ensuredToken) remembered(ctx context.Context, tok token.Token) (candidate, bool, error) {
	if tok.IsZero() {
		return candidate{}, false, nil
	}
	expires, known := e.publishedExpiry()
	if !known {
		return candidate{}, false, &failure.Error{
			Reason: failure.Forbidden,
			Err:    fmt.Errorf("%s does not say when token %s expires, and the tokens may not be listed", e.to, tok.ID),
			Hint:   "remove what is published there, and the next run creates a token; or get the right to list secrets in kube-system",
		}
	}
	spec := SpecFor(e.hub.spec, e.cluster)
	spec.Expires = expires
	one := candidate{token: tok, spec: spec, secret: token.Encode(tok, spec), health: token.Health{Status: token.OK}}
	if !e.serves(one, e.hub.spec, e.hub.now) {
		return candidate{}, false, nil
	}
	if !spec.Has(token.Authentication) {
		return one, true, nil
	}
	accepted, err := token.Authenticates(ctx, e.hub.client, tok)
	return one, accepted, err
}

// publishedExpiry returns what the destination says about the expiry of its token: zero is never. known is false if it says
// nothing.
func (e *ensuredToken) publishedExpiry() (expires time.Time, known bool) {
	text := e.to.Annotation(expiresAnnotation)
	if comment, ok := strings.CutPrefix(string(e.to.Value(e.dataKey())), tokenMark); ok && text == "" {
		line, _, _ := strings.Cut(comment, "\n")
		_, text, _ = strings.Cut(line, " expires ")
	}
	if text == neverExpires {
		return time.Time{}, true
	}
	expires, err := time.Parse(time.RFC3339, text)
	return expires, err == nil
}
