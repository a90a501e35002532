// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// OpenContext returns a client for a context of the kubeconfig, whether the Options mean it or not: for a command that
// writes to another cluster than the one that it acts on. The caller closes the client. A context that does not exist is a
// *failure.ConfigError.
func (s *Session) OpenContext(ctx context.Context, name string) (fleet.Target, *kube.Client, error) {
	kubeconfig, err := s.Load()
	if err != nil {
		return fleet.Target{}, nil, err
	}
	targets, err := fleet.Select(kubeconfig, fleet.Selection{Contexts: []string{name}})
	if err != nil {
		return fleet.Target{}, nil, err
	}
	opened := OnOpen(ctx, s, targets, 0, func(_ context.Context, _ fleet.Target, c *kube.Client) (*kube.Client, error) { return c, nil })
	return opened[0].Key, opened[0].Value, opened[0].Err
}
