// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
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

	asking *sync.Mutex // one question at a time
}

// A DeletedToken is a token that is deleted, or in a dry run would be.
type DeletedToken = Planned[*corev1.Secret]

// Run deletes the tokens and returns them.
func (a *TokenDelete) Run(ctx context.Context) ([]DeletedToken, *session.Failures, error) {
	a.asking = &sync.Mutex{}
	removal := &Removal[*corev1.Secret]{
		Session:        a.Session,
		Refs:           a.Refs,
		Listed:         a.Listed,
		Everywhere:     a.Everywhere,
		IgnoreNotFound: a.IgnoreNotFound,
		DryRun:         a.DryRun,
		Syntax:         "CONTEXT/ID",
		Describe:       describeToken,
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
	if secret.UID == "" {
		return token.DeleteByName(ctx, c, token.Ref{Name: secret.Name}, dryRun)
	}
	a.Session.Terminal.Redactor().HideEncoded(string(secret.Data[bootstrapapi.BootstrapTokenSecretKey]))
	if !dryRun {
		if err := a.confirmOther(ctx, target, c, secret); err != nil {
			return err
		}
	}
	return token.DeleteSecret(ctx, c, secret, dryRun)
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
		return fmt.Errorf("token %s was left as it is: not confirmed", token.Ref{Name: secret.Name})
	}
	return nil
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
