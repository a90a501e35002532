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

// lookUpClusters adds the status of the clusters to the tokens of a target, if a valid token is for one. It leaves the status
// open where there are no members, or this client may not list them, and warns where the control plane does not answer.
func (a *TokenList) lookUpClusters(ctx context.Context, target fleet.Target, c *kube.Client, tokens []ListedToken) {
	if !slices.ContainsFunc(tokens, func(one ListedToken) bool { return one.Spec.For != "" && one.Health.Status == token.OK }) {
		return
	}
	ready, err := c.MembersReady(ctx)
	switch failure.ReasonOf(err) {
	case "":
	case failure.Unsupported, failure.Forbidden, failure.Interrupted:
		return
	default:
		a.Session.Warn(target, fmt.Sprintf("cannot tell which clusters have joined: %v", err))
		return
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
}
