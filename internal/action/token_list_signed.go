// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// The two reads that follow the list of the tokens of a target.
const (
	readInventory   = "inventory"
	readClusterInfo = "cluster-info"
)

// A listPart is what one of these reads returned.
type listPart struct {
	inventory token.Inventory
	info      *discovery.ClusterInfo
}

// read returns the tokens of a target. If a valid token is for signing, and the signatures are asked for, it also returns
// cluster-info, nil if that cannot be read. It reads it in parallel with what it reads of the other Secrets, over the connection of
// the list: that takes no round trip of its own.
func (a *TokenList) read(ctx context.Context, target fleet.Target, c *kube.Client, selector string) (token.Inventory, *discovery.ClusterInfo, error) {
	secrets, now, err := token.List(ctx, c, selector)
	if err != nil {
		return token.Inventory{}, nil, err
	}
	reads := []string{readInventory}
	if a.Signatures && slices.ContainsFunc(secrets, func(secret corev1.Secret) bool {
		_, spec, _ := token.Decode(&secret)
		return isForSigning(spec, token.Evaluate(&secret, now))
	}) {
		reads = append(reads, readClusterInfo)
	}
	runner := session.Runner[string](a.Session, 1, 0) // 1: it has no progress of its own
	runner.Parallel, runner.MaxFailures = len(reads), 0
	results := fleet.Each(ctx, runner, reads, func(ctx context.Context, read string, _ fleet.Ready) (part listPart, err error) {
		if read == readClusterInfo {
			part.info, err = discovery.ReadAny(ctx, c)
		} else {
			part.inventory, err = token.CompleteInventory(ctx, c, selector, secrets, now)
		}
		return part, err
	})
	err = results[0].Err
	if last := results[len(reads)-1]; err == nil && last.Err != nil && failure.ReasonOf(last.Err) != failure.Invalid { // doctor reports what is wrong in it
		err = a.lookedUp(target, fmt.Errorf("cannot tell which tokens cluster-info is signed with: %w", last.Err))
	}
	return results[0].Value.inventory, results[len(reads)-1].Value.info, err
}

func isForSigning(spec token.Spec, health token.Health) bool {
	return health.Status == token.OK && spec.Has(token.Signing)
}

// addSignatures adds to the valid tokens whether cluster-info has a signature of each. Members read cluster-info before they
// have a credential, and trust it only if it is signed with their token. It is not known yet of a token that the signer has had no time for.
func addSignatures(tokens []ListedToken, info *discovery.ClusterInfo) {
	for i := range tokens {
		one := &tokens[i]
		if info == nil || !isForSigning(one.Spec, one.Health) {
			continue
		}
		signed := info.Signature(one.Token) == discovery.Signed
		if age := one.Now.Sub(one.Secret.CreationTimestamp.Time); signed || age >= controlplane.SigningTime {
			one.Signed = &signed
		}
	}
}
