// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenRotate creates a bootstrap token in place of one that exists.
type TokenRotate struct {
	Session  *session.Session
	Ref      session.Ref
	Lifetime *token.Lifetime // nil: as long as the old token
	Old      OldToken
	DryRun   DryRun
	Join     JoinCommandOptions

	// Deliver hands the new token over. If it fails, the new token is deleted again and the old one stays as it is.
	Deliver func(*RotatedToken) error
	// Confirm asks whether the old token may go although clusters that join with it wait for an answer; nil: it is deleted.
	Confirm func(*RotatedToken) bool

	creation TokenCreate
}

// An OldToken says what becomes of a token when another one takes its place. The zero OldToken leaves it as it is.
type OldToken struct {
	Delete   bool
	ExpireIn time.Duration // unless it expires earlier anyway; 0: it keeps its expiry
}

// expireIn begins the text of an OldToken that expires.
const expireIn = "expire-in="

// OldTokenNames returns the texts of OldTokens; one that ends in = takes a duration.
func OldTokenNames() []string { return []string{"keep", "delete", expireIn} }

// UnmarshalText reads keep, delete or expire-in=DURATION.
func (o *OldToken) UnmarshalText(text []byte) error {
	word := string(text)
	switch rest, expires := strings.CutPrefix(word, expireIn); {
	case word == "keep":
		*o = OldToken{}
	case word == "delete":
		*o = OldToken{Delete: true}
	case expires:
		d, err := time.ParseDuration(rest)
		if err != nil || d < time.Second {
			return errors.New(expireIn + " takes a duration of at least a second, such as expire-in=1h")
		}
		*o = OldToken{ExpireIn: d}
	default:
		return errors.New("must be one of: keep, delete, expire-in=DURATION")
	}
	return nil
}

// MarshalText returns keep, delete or expire-in=DURATION.
func (o OldToken) MarshalText() ([]byte, error) {
	switch {
	case o.Delete:
		return []byte("delete"), nil
	case o.ExpireIn > 0:
		return []byte(expireIn + o.ExpireIn.String()), nil
	}
	return []byte("keep"), nil
}

// A RotatedToken is what TokenRotate did.
type RotatedToken struct {
	*CreatedTokens                // the new token, if it was created
	Target         fleet.Target   // where both are
	Old            *corev1.Secret // nil: there is none to replace
	OldSpec        token.Spec
	Uses           []string        // certificate requests by the old token that wait for an answer, if it is deleted
	Deleted        bool            // the old token was deleted
	Shortened      *token.Extended // the old token expires earlier than before
	lifetime       token.Lifetime
}

// Run creates the new token, delivers it, and then does with the old one what Old says. The error says that nothing was
// changed, or that the new token could not be delivered.
func (a *TokenRotate) Run(ctx context.Context) (*RotatedToken, error) {
	out, err := a.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if out.Old != nil {
		if len(out.Uses) > 0 && a.Old.Delete && a.DryRun == None && a.Confirm != nil && !a.Confirm(out) {
			return nil, ErrNotConfirmed
		}
		a.create(ctx, out)
	}
	if err := a.Deliver(out); err != nil {
		undone, undoErr := a.creation.rollback.UndoAll(ctx, a.Session)
		return out, undelivered(err, "printed", undone, undoErr)
	}
	if len(out.Tokens) > 0 {
		a.retire(ctx, out)
	}
	return out, nil
}

// prepare finds the old token and everything that the new one needs. It is a failure where it finds none.
func (a *TokenRotate) prepare(ctx context.Context) (*RotatedToken, error) {
	plan, failures, err := locateTokens(a.Session, []session.Ref{a.Ref}).Locate(ctx)
	if err != nil {
		return nil, err
	}
	out := &RotatedToken{CreatedTokens: &CreatedTokens{Failures: failures}}
	if len(plan) == 0 {
		return out, nil
	}
	out.Target = plan[0].Target
	for _, result := range session.On(ctx, a.Session, []fleet.Target{out.Target}, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (RotatedToken, error) {
		return a.judge(ctx, target, c, plan[0].Object)
	}) {
		if result.Err != nil {
			failures.Add(result.Key, result.Err)
			continue
		}
		out.Old, out.OldSpec, out.Uses, out.lifetime = plan[0].Object, result.Value.OldSpec, result.Value.Uses, result.Value.lifetime
	}
	return out, nil
}

// judge finds out whether a token can be replaced. One that has expired can.
func (a *TokenRotate) judge(ctx context.Context, target fleet.Target, c *kube.Client, old *corev1.Secret) (RotatedToken, error) {
	var out RotatedToken
	ref := token.Ref{Name: old.Name}
	invalid := func(hint, text string, args ...any) error {
		return &failure.Error{Reason: failure.Invalid, Hint: hint, Err: fmt.Errorf("token %s is not rotated: "+text, append([]any{ref}, args...)...)}
	}
	if health := token.Evaluate(old, time.Time{}); health.Status != token.OK {
		return out, invalid("joinctl token create issues a token that works", "it is %s", health)
	}
	_, out.OldSpec, _ = token.Decode(old)
	ok := a.Lifetime != nil
	if ok {
		out.lifetime = *a.Lifetime
	} else if out.lifetime, ok = token.LifetimeOf(old); !ok {
		return out, invalid("say with --ttl how long the new token is to be valid", "it expired before its Secret was created, so its lifetime is not known")
	}
	if a.Join.Wanted && !out.OldSpec.CanJoin() {
		return out, invalid("leave the flag out that prints a command", "nobody can join with a token that is for %s only", strings.Join(out.OldSpec.Usages, ","))
	}
	var err error
	if a.Join.Wanted && out.OldSpec.For != "" {
		err = a.Join.checkMembers(ctx, a.Session, target, c, out.OldSpec.For)
	}
	if err != nil || !a.Old.Delete {
		return out, err
	}
	uses, err := pendingUses(ctx, a.Session, target, c)
	out.Uses = uses[ref.ID()].Waiting
	return out, err
}

// create creates the new token, with what the old one is good for.
func (a *TokenRotate) create(ctx context.Context, out *RotatedToken) {
	spec := out.OldSpec
	spec.Expires = time.Time{}
	a.creation = TokenCreate{
		Session: a.Session, TTL: out.lifetime.TTL, Expires: out.lifetime.Expires, Spec: spec, DryRun: a.DryRun, Join: a.Join, successorOf: out.Old,
	}
	create := a.creation.onTarget
	if a.DryRun == Client {
		create = a.plan
	}
	klog.V(1).InfoS("rotating a bootstrap token", "context", out.Target.Context, "old", out.Old.Name)
	failures := out.Failures
	out.CreatedTokens = a.creation.collectTargets(session.On(ctx, a.Session, []fleet.Target{out.Target}, a.Join.Wait, create))
	for _, one := range failures.All() { // of targets that could not be searched
		out.Failures.Add(one.Target, one.Err)
	}
}

// plan returns a token like the one that would be created, and creates none.
func (a *TokenRotate) plan(ctx context.Context, target fleet.Target, c *kube.Client) (issued, error) {
	ready, err := a.creation.prepare(ctx, target, c)
	if err != nil {
		return issued{}, err
	}
	tok, err := token.Generate(a.Session.Rand)
	if err != nil {
		return issued{}, err
	}
	return issued{CreatedToken: CreatedToken{
		Target: target, Server: c.Server(), Token: tok, Spec: ready.spec, Now: ready.now,
		Secret: token.EncodeSuccessor(tok, ready.spec, a.creation.successorOf),
	}}, nil
}
