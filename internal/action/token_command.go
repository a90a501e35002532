// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenCommand returns the join command of a token that exists.
type TokenCommand struct {
	Session *session.Session
	Ref     session.Ref
	Join    JoinCommandOptions
}

// Run returns the token with its command from every target that the reference can mean.
func (a *TokenCommand) Run(ctx context.Context) (*CreatedTokens, error) {
	refs, err := a.Session.Resolve(ctx, []session.Ref{a.Ref})
	if err != nil {
		return nil, err
	}
	targets, err := a.Session.Targets()
	if err != nil {
		return nil, err
	}
	targets = slices.DeleteFunc(slices.Clone(targets), func(t fleet.Target) bool { return !refs[0].Covers(t) })
	results := session.On(ctx, a.Session, targets, a.Join.Wait, a.onTarget)
	values, failures := session.Collect(a.Session, results)
	out := &CreatedTokens{Failures: failures}
	for _, one := range values {
		if one.finding != nil {
			out.Findings = append(out.Findings, one.finding)
		}
	}
	for _, result := range results { // a command is there also where the wait for its signature was interrupted
		if one := result.Value.CreatedToken; !one.Command.Endpoint.IsZero() {
			out.Tokens = append(out.Tokens, one)
		}
	}
	return out, nil
}

func (a *TokenCommand) onTarget(ctx context.Context, target fleet.Target, c *kube.Client) (issued, error) {
	one, err := a.load(ctx, target, c)
	if err != nil {
		return issued{}, err
	}
	if warning := a.Join.CheckGroups("token "+one.Token.ID, one.Spec); warning != "" {
		a.Session.Warn(target, warning)
	}
	if one.Spec.For != "" {
		if err := a.Join.checkMembers(ctx, a.Session, target, c, one.Spec.For); err != nil {
			return issued{}, err
		}
	}
	found, err := a.Join.discover(ctx, a.Session, target, c)
	if err != nil {
		return issued{}, err
	}
	if err := a.Join.checkRights(ctx, a.Session, target, c, found, one.Spec); err != nil {
		return issued{}, err
	}
	one.Command = a.Join.command(found, one.Token, one.Spec)
	finding := a.Join.waitSigned(ctx, a.Session, found, one.Token)
	if failure.ReasonOf(finding) == failure.Interrupted {
		return issued{CreatedToken: one}, finding
	}
	return issued{one, finding}, nil
}

// load reads the token and checks that a cluster can join with it.
func (a *TokenCommand) load(ctx context.Context, target fleet.Target, c *kube.Client) (CreatedToken, error) {
	ref, err := a.refOn(ctx, c)
	if err != nil {
		return CreatedToken{}, err
	}
	secret, err := token.Get(ctx, c, ref)
	if failure.ReasonOf(err) == failure.NotFound {
		err = &failure.Error{Err: err, Hint: tokenHint(a.Session, target)}
	}
	if err != nil {
		return CreatedToken{}, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return CreatedToken{}, err
	}
	if health := token.Evaluate(secret, now); health.Status != token.OK {
		return CreatedToken{}, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is %s", ref, health)}
	}
	tok, spec, err := token.Decode(secret)
	if err != nil {
		return CreatedToken{}, fmt.Errorf("read token %s: %w", ref, err)
	}
	if !spec.CanJoin() {
		return CreatedToken{}, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is for %s only", ref, strings.Join(spec.Usages, ","))}
	}
	return CreatedToken{Target: target, Server: c.Server(), Token: tok, Spec: spec, Secret: secret, Now: now, Existed: true}, nil
}

// refOn returns the token that the reference means on one control plane: of those for a cluster, the one that the server
// accepts.
func (a *TokenCommand) refOn(ctx context.Context, c *kube.Client) (token.Ref, error) {
	if a.Ref.Name != "" {
		return token.Ref{Name: a.Ref.Name}, nil
	}
	secrets, now, err := token.List(ctx, c, token.SelectFor(a.Ref.Cluster))
	if err != nil {
		return token.Ref{}, err
	}
	tokens := make([]*corev1.Secret, len(secrets))
	for i := range secrets {
		tokens[i] = &secrets[i]
	}
	one, err := oneOfCluster(tokens, now, a.Ref)
	if err != nil {
		return token.Ref{}, err
	}
	return token.Ref{Name: one.Name}, nil
}

// oneOfCluster returns the one token that a reference to a cluster means: of those for the cluster, the one that the server
// accepts. Its errors are NotFound and Conflict.
func oneOfCluster(tokens []*corev1.Secret, now time.Time, ref session.Ref) (*corev1.Secret, error) {
	accepted := slices.DeleteFunc(slices.Clone(tokens), func(s *corev1.Secret) bool { return token.Evaluate(s, now).Status != token.OK })
	if len(accepted) > 0 {
		tokens = accepted
	}
	var ids []string
	for _, one := range tokens {
		ids = append(ids, token.Ref{Name: one.Name}.String())
	}
	switch len(ids) {
	case 0:
		return nil, &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("there is no %s", describeToken(ref)), Hint: "joinctl token create --for creates one"}
	case 1:
		return tokens[0], nil
	}
	return nil, &failure.Error{
		Reason: failure.Conflict, Hint: "name one by its ID",
		Err: fmt.Errorf("cluster %s has %d tokens (%s)", ref.Cluster, len(ids), failure.Quoted(ids)),
	}
}
