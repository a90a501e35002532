// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenExtend changes when bootstrap tokens expire.
type TokenExtend struct {
	Session   *session.Session
	Refs      []session.Ref
	Extension token.Extension
	DryRun    DryRun
}

// An ExtendedToken is a token that was extended, or in a dry run would be.
type ExtendedToken struct {
	Target fleet.Target
	Ref    session.Ref // that names it
	token.Extended
}

// Run extends the tokens and returns them, with the Failures: in targets, of references that mean nothing or too much, and of
// tokens that cannot be extended. The error says that nothing was attempted.
func (a *TokenExtend) Run(ctx context.Context) ([]ExtendedToken, *session.Failures, error) {
	plan, failures, err := locateTokens(a.Session, a.Refs).Locate(ctx)
	if err != nil {
		return nil, nil, err
	}
	var extended []ExtendedToken
	targets, on := byTarget(plan)
	for _, result := range session.On(ctx, a.Session, targets, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]extension, error) {
		return a.onTarget(ctx, target, c, on[target])
	}) {
		if result.Err != nil {
			failures.Add(result.Key, unfinished("extended", on[result.Key], result.Err))
		}
		for _, one := range result.Value {
			if one.err != nil {
				failures.Add(result.Key, one.err)
				continue
			}
			failures.Done++
			extended = append(extended, one.ExtendedToken)
		}
	}
	return extended, failures, nil
}

// extension is what became of one token.
type extension struct {
	ExtendedToken
	err error
}

// onTarget extends some tokens, also after one has failed.
func (a *TokenExtend) onTarget(ctx context.Context, target fleet.Target, c *kube.Client, tokens []Planned[*corev1.Secret]) ([]extension, error) {
	klog.V(1).InfoS("extending bootstrap tokens", "context", target.Context, "server", c.Server().Host, "tokens", len(tokens))
	now, err := c.TimeForExpiry(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its time: %w", c.Server().Host, err)
	}
	out := make([]extension, len(tokens))
	for i, one := range tokens {
		out[i].Target, out[i].Ref = target, one.Ref
		if a.DryRun == Client {
			out[i].Extended, out[i].err = a.Extension.Plan(one.Object, now)
		} else {
			out[i].Extended, out[i].err = token.Extend(ctx, c, one.Object, a.Extension, now, a.DryRun == Server)
		}
	}
	return out, nil
}

// locateTokens returns a Removal that finds the tokens which references mean. A reference to a cluster means the one token
// that the server accepts.
func locateTokens(s *session.Session, refs []session.Ref) *Removal[*corev1.Secret] {
	return &Removal[*corev1.Secret]{
		Session:      s,
		Refs:         refs,
		NoEverywhere: true,
		Syntax:       "CONTEXT/ID",
		Describe:     describeToken,
		NotFoundHint: func(target fleet.Target, _ session.Ref) string { return tokenHint(s, target) },
		Name:         func(secret *corev1.Secret) string { return secret.Name },
		Find: func(ctx context.Context, _ fleet.Target, c *kube.Client, ref session.Ref) ([]*corev1.Secret, error) {
			found, err := findTokens(ctx, c, ref)
			for _, secret := range found {
				s.Terminal.Redactor().HideEncoded(string(secret.Data[bootstrapapi.BootstrapTokenSecretKey]))
			}
			if err != nil || ref.Name != "" || len(found) < 2 {
				return found, err
			}
			now, err := c.ServerTime(ctx)
			if err != nil {
				return nil, err
			}
			one, err := oneOfCluster(found, now, ref)
			if err != nil {
				return nil, err
			}
			return []*corev1.Secret{one}, nil
		},
	}
}

// unfinished is the error for a target on which tokens were to be changed, with the names of the tokens.
func unfinished(done string, tokens []Planned[*corev1.Secret], err error) error {
	names := make([]string, len(tokens))
	for i, one := range tokens {
		names[i] = token.Ref{Name: one.Object.Name}.String()
	}
	what := "token"
	if len(names) > 1 {
		what = "tokens"
	}
	verb := "not " + done
	if isOpen(err) {
		verb = "may be " + done
	}
	return &failure.Error{Reason: failure.ReasonOf(err), Err: fmt.Errorf("%s %s: %s: %w", what, failure.Few(names), verb, err)}
}
