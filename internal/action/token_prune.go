// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"slices"
	"sync"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenPrune deletes bootstrap tokens that nobody needs.
type TokenPrune struct {
	Session *session.Session
	Options token.PruneOptions
	DryRun  DryRun

	// Confirm asks about the plan; nil: the tokens are deleted.
	Confirm func([]PrunedToken) bool
	// Left hears of the tokens that have to stay, before Confirm asks; their Health says why.
	Left func([]PrunedToken)

	mu       sync.Mutex // guards the others
	left     []PrunedToken
	searched []fleet.Target
	found    bool
}

// A PrunedToken is a token that is deleted, in a dry run would be, or has to stay.
type PrunedToken = Planned[PrunableToken]

// A PrunableToken is a token that the options mean.
type PrunableToken struct {
	token.Prunable
	Uses token.Uses // looked up if Confirm asks about a token that works
}

// Clean returns the targets that were searched if none of them had a token to delete.
func (a *TokenPrune) Clean() []fleet.Target {
	if a.found {
		return nil
	}
	return a.searched
}

// Run deletes the tokens and returns them. A token that changed since it was read stays, and is a failure.
func (a *TokenPrune) Run(ctx context.Context) ([]PrunedToken, *session.Failures, error) {
	removal := &Removal[PrunableToken]{
		Session:  a.Session,
		DryRun:   a.DryRun,
		Describe: describeToken,
		Name:     func(one PrunableToken) string { return one.Secret.Name },
		Sweep:    a.find,
		Delete: func(ctx context.Context, _ fleet.Target, c *kube.Client, one PrunableToken, dryRun bool) error {
			return token.DeleteUnchanged(ctx, c, one.Secret, dryRun)
		},
	}
	reported := false
	report := func() {
		if a.Left != nil && !reported {
			reported = true
			a.Left(a.sortedLeft())
		}
	}
	if a.Confirm != nil {
		removal.Confirm = func(plan []PrunedToken) bool {
			report()
			return a.Confirm(plan)
		}
	}
	deleted, failures, err := removal.Run(ctx)
	if err == nil {
		report()
	}
	return deleted, failures, err
}

// find returns the tokens on one target that the options mean.
func (a *TokenPrune) find(ctx context.Context, target fleet.Target, c *kube.Client) ([]PrunableToken, error) {
	klog.V(1).InfoS("looking for tokens to prune", "context", target.Context, "server", c.Server().Host)
	inventory, err := token.ReadInventory(ctx, c, "")
	if err != nil {
		return nil, err
	}
	found, left, err := inventory.Prunable(a.Options)
	a.note(target, len(found) > 0, left, err)
	if err != nil {
		return nil, err
	}
	out := make([]PrunableToken, len(found))
	for i, one := range found {
		a.Session.Terminal.Redactor().HideEncoded(string(one.Secret.Data[bootstrapapi.BootstrapTokenSecretKey]))
		out[i].Prunable = one
	}
	if a.Confirm != nil && a.DryRun == None && slices.ContainsFunc(out, works) {
		uses, err := pendingUses(ctx, a.Session, target, c)
		if err != nil {
			return nil, err
		}
		for i, one := range out {
			if works(one) {
				out[i].Uses = uses[token.Ref{Name: one.Secret.Name}.ID()]
			}
		}
	}
	return out, nil
}

// works reports whether a joiner can use a token.
func works(one PrunableToken) bool {
	return one.Health.Status == token.OK && one.Spec.Has(token.Authentication)
}

// note notes how the search of a target ended.
func (a *TokenPrune) note(target fleet.Target, found bool, left []token.Prunable, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found = a.found || found
	if err == nil {
		a.searched = append(a.searched, target)
	}
	for _, one := range left {
		a.left = append(a.left, PrunedToken{Target: target, Object: PrunableToken{Prunable: one}})
	}
}

// sortedLeft returns the tokens that have to stay by context and name.
func (a *TokenPrune) sortedLeft() []PrunedToken {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.SortFunc(a.left, func(x, y PrunedToken) int {
		return cmp.Or(cmp.Compare(x.Target.Context, y.Target.Context), cmp.Compare(x.Object.Secret.Name, y.Object.Secret.Name))
	})
	return a.left
}
