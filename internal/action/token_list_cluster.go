// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// A ClusterStatus says whether the cluster that a token is for has joined. A token is no longer needed if it has.
type ClusterStatus string

// The statuses. They are stable.
const (
	ClusterReady     ClusterStatus = "Ready"
	ClusterNotReady  ClusterStatus = "NotReady"
	ClusterNotJoined ClusterStatus = "NotJoined"
)

// lookUpClusters adds the status of the clusters to the tokens of a target, if a valid token is for one, as lookedUp says. If
// only pending tokens are shown, it asks where any token is for a cluster, and every failure is an error.
func (a *TokenList) lookUpClusters(ctx context.Context, target fleet.Target, c *kube.Client, tokens []ListedToken) error {
	pending := a.Filter.Pending
	forCluster := func(one ListedToken) bool { return one.Spec.For != "" && (pending || one.Health.Status == token.OK) }
	if !a.ClusterStatus && !pending || !slices.ContainsFunc(tokens, forCluster) {
		return nil
	}
	ready, err := c.MembersReady(ctx)
	switch {
	case err != nil && pending:
		return fmt.Errorf("cannot tell which clusters are pending: %w", err)
	case err != nil:
		return a.lookedUp(target, fmt.Errorf("cannot tell which clusters have joined: %w", err))
	}
	for i := range tokens {
		name := tokens[i].Spec.For
		isReady, joined := ready[name]
		switch {
		case name == "":
		case !joined:
			tokens[i].ClusterStatus = ClusterNotJoined
		case isReady:
			tokens[i].ClusterStatus = ClusterReady
		default:
			tokens[i].ClusterStatus = ClusterNotReady
		}
	}
	return nil
}

// lookUpUses adds the uses to the tokens of a target, if it has any, as lookedUp says.
func (a *TokenList) lookUpUses(ctx context.Context, target fleet.Target, c *kube.Client, tokens []ListedToken) error {
	if !a.Uses || len(tokens) == 0 {
		return nil
	}
	requests, err := c.CertificateRequests(ctx, "")
	if err != nil {
		return a.lookedUp(target, fmt.Errorf("cannot tell who used the tokens: list certificate requests: %w", err))
	}
	uses := token.UsesOf(requests)
	for i := range tokens {
		of := uses[token.Ref{Name: tokens[i].Secret.Name}.ID()]
		tokens[i].Uses = &of
	}
	return nil
}

// lookedUp returns what the error of an addition means for a list: nothing where this client may not read it, or the control
// plane does not have it, and else a warning. A watch fails instead, and lists again.
func (a *TokenList) lookedUp(target fleet.Target, err error) error {
	switch failure.ReasonOf(err) {
	case failure.Unsupported, failure.Forbidden, failure.NotFound, failure.Interrupted:
		return nil
	}
	if a.watched {
		return err
	}
	a.Session.Warn(target, err.Error())
	return nil
}
