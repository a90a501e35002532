// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// Distinct returns the targets that the Options mean, with one target for contexts that reach the same control plane. An
// access proxy serves many control planes at one address, and picks one by the credential: so contexts with the same endpoint
// and different credentials are asked which control plane they reach, and merged only where the answers are the same. No other
// context is asked. Every error is a *failure.ConfigError.
func (s *Session) Distinct(ctx context.Context) ([]fleet.Target, error) {
	targets, err := s.Targets()
	if err != nil || s.distinct {
		return targets, err
	}
	proofs := map[string]string{}
	for _, result := range visit(ctx, s, fleet.Unproved(targets), 0, closing(prove)) {
		klog.V(2).InfoS("asked which control plane this is", "context", result.Key.Context, "answer", result.Value, "err", result.Err)
		proofs[result.Key.Context] = result.Value
	}
	s.targets, s.distinct = fleet.Merge(targets, proofs), true
	if !s.Quiet {
		s.reportDuplicates()
	}
	return s.targets, nil
}

// prove returns what tells a control plane from others. The error says why that is not known; the operation that follows
// fails with it where it matters.
func prove(ctx context.Context, _ fleet.Target, client *kube.Client) (string, error) {
	return client.Identity(ctx)
}
