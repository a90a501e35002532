// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenDelete deletes bootstrap tokens.
type TokenDelete struct {
	Session        *session.Session
	Refs           []session.Ref
	Listed         bool // Refs come from a list
	Everywhere     bool // an unqualified reference means the token in every target that has it
	IgnoreNotFound bool
	DryRun         DryRun

	// Confirm asks about tokens of which a cluster or a list has several; nil: they are deleted.
	Confirm func([]DeletedToken) bool
	// ConfirmOther asks about a token that another program uses, and says what for; nil: it is deleted.
	ConfirmOther func(token DeletedToken, purpose string) bool
	// ConfirmPending asks about a token while certificate requests that were sent with it wait; nil: it is deleted, and the
	// requests are not read.
	ConfirmPending func(token DeletedToken, uses token.Uses) bool
	// Nowhere hears of a token that is in none of the searched targets, with Everywhere.
	Nowhere func(name string, searched []fleet.Target)

	asking *sync.Mutex // one question at a time; guards uses
	uses   map[fleet.Target]map[string]token.Uses
}

// A DeletedToken is a token that is deleted, or in a dry run would be.
type DeletedToken = Planned[*corev1.Secret]

// Run deletes the tokens and returns them.
func (a *TokenDelete) Run(ctx context.Context) ([]DeletedToken, *session.Failures, error) {
	a.asking, a.uses = &sync.Mutex{}, map[fleet.Target]map[string]token.Uses{}
	removal := &Removal[*corev1.Secret]{
		Session:        a.Session,
		Refs:           a.Refs,
		Listed:         a.Listed,
		Everywhere:     a.Everywhere,
		IgnoreNotFound: a.IgnoreNotFound,
		DryRun:         a.DryRun,
		Nowhere:        a.Nowhere,
		Syntax:         "CONTEXT/ID",
		Describe:       describeToken,
		NotFoundHint:   func(target fleet.Target, _ session.Ref) string { return tokenHint(a.Session, target) },
		Name:           func(secret *corev1.Secret) string { return secret.Name },
		Delete:         a.delete,
	}
	removal.Find = func(ctx context.Context, _ fleet.Target, c *kube.Client, ref session.Ref) ([]*corev1.Secret, error) {
		found, err := findTokens(ctx, c, ref)
		if failure.ReasonOf(err) == failure.Forbidden && !removal.searchesFirst() && a.DryRun != Client {
			return []*corev1.Secret{unread(ref)}, nil
		}
		return found, err
	}
	if a.Confirm != nil {
		removal.Confirm = func(plan []DeletedToken) bool {
			several := a.unnamed(plan)
			return len(several) == 0 || a.Confirm(several)
		}
	}
	return removal.Run(ctx)
}

func (a *TokenDelete) delete(ctx context.Context, target fleet.Target, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
	a.Session.Terminal.Redactor().HideEncoded(string(secret.Data[bootstrapapi.BootstrapTokenSecretKey]))
	if !dryRun {
		if err := a.confirm(ctx, target, c, secret); err != nil {
			return err
		}
	}
	if secret.UID == "" {
		return token.DeleteByName(ctx, c, token.Ref{Name: secret.Name}, dryRun)
	}
	return token.DeleteSecret(ctx, c, secret, dryRun)
}

// confirm asks about a token that more hangs on than its name shows.
func (a *TokenDelete) confirm(ctx context.Context, target fleet.Target, c *kube.Client, secret *corev1.Secret) error {
	if secret.UID != "" {
		if err := a.confirmOther(ctx, target, c, secret); err != nil {
			return err
		}
	}
	return a.confirmPending(ctx, target, c, secret)
}

// confirmOther asks before a token goes that another program uses, since the garbage collector deletes what it owns.
func (a *TokenDelete) confirmOther(ctx context.Context, target fleet.Target, c *kube.Client, secret *corev1.Secret) error {
	if a.ConfirmOther == nil {
		return nil
	}
	owned, err := token.Owned(ctx, c, secret)
	if err != nil {
		return err
	}
	purpose := token.Purpose(secret, owned)
	if purpose == "" {
		return nil
	}
	a.asking.Lock()
	defer a.asking.Unlock()
	if !a.ConfirmOther(DeletedToken{Target: target, Object: secret}, purpose) {
		return unconfirmed(token.Ref{Name: secret.Name})
	}
	return nil
}

// tokenHint says how to find a token that is not on the target. The zero Target stands for several.
func tokenHint(s *session.Session, target fleet.Target) string {
	if target == (fleet.Target{}) {
		return "joinctl token list --all-contexts shows the tokens of every context"
	}
	return "joinctl token list" + s.Arguments(target) + " shows the tokens there; --all-contexts searches every context"
}

// findTokens returns the Secrets that a reference means on one control plane.
func findTokens(ctx context.Context, c *kube.Client, ref session.Ref) ([]*corev1.Secret, error) {
	if ref.Name != "" {
		secret, err := token.Get(ctx, c, token.Ref{Name: ref.Name})
		if failure.ReasonOf(err) == failure.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []*corev1.Secret{secret}, nil
	}
	secrets, _, err := token.List(ctx, c, token.SelectFor(ref.Cluster))
	out := make([]*corev1.Secret, len(secrets))
	for i := range secrets {
		out[i] = &secrets[i]
	}
	return out, err
}

// unread stands for a Secret that this client may delete and not read.
func unread(ref session.Ref) *corev1.Secret {
	secret := &corev1.Secret{}
	secret.Name = ref.Name
	return secret
}

// unnamed returns the tokens that nobody named one by one.
func (a *TokenDelete) unnamed(plan []DeletedToken) []DeletedToken {
	if a.Listed && len(plan) > 1 {
		return plan
	}
	return ofSeveral(plan)
}

// ofSeveral returns the tokens of clusters that have more than one.
func ofSeveral(plan []DeletedToken) []DeletedToken {
	count := map[string]int{}
	for _, one := range plan {
		count[one.Ref.Cluster]++
	}
	var out []DeletedToken
	for _, one := range plan {
		if one.Ref.Cluster != "" && count[one.Ref.Cluster] > 1 {
			out = append(out, one)
		}
	}
	return out
}

// describeToken names the token that a reference means.
func describeToken(ref session.Ref) string {
	if ref.Name == "" {
		return "token for cluster " + ref.Cluster
	}
	return "token " + token.Ref{Name: ref.Name}.String()
}
