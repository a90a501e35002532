// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// Members say which member clusters of Karmada control planes are meant in place of the control planes themselves.
type Members struct {
	All      bool
	Selector string   // label selector for Cluster objects; "" selects all
	Names    []string // exact names
}

// Any reports whether members are meant at all.
func (m Members) Any() bool { return m.All || len(m.Names) > 0 }

// Many reports whether more than one member can be meant.
func (m Members) Many() bool { return m.All || len(m.Names) > 1 }

// expandMembers returns the members of hubs that are meant, in the order of the hubs, and the hubs that could not list
// their members.
func (s *Session) expandMembers(ctx context.Context, hubs []fleet.Target) (members []fleet.Target, failed []Result[[]string], err error) {
	if !s.Members.All {
		for _, hub := range hubs {
			members = append(members, membersOf(hub, s.Members.Names)...)
		}
		return members, nil, nil
	}
	for _, hub := range On(ctx, s, hubs, 0, s.listMembers) {
		if hub.Err != nil {
			failed = append(failed, hub)
		}
		members = append(members, membersOf(hub.Key, hub.Value)...)
	}
	if len(members) == 0 && len(failed) == 0 {
		return nil, nil, &failure.ConfigError{
			Err:  errors.New("the selection has no members"),
			Hint: "kubectl get clusters --show-labels, on the control plane, shows its members",
		}
	}
	return members, failed, nil
}

func (s *Session) listMembers(ctx context.Context, hub fleet.Target, client *kube.Client) ([]string, error) {
	klog.V(1).InfoS("listing members", "context", hub.Context, "server", client.Server().Host, "selector", s.Members.Selector)
	names, err := client.MemberNames(ctx, s.Members.Selector)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return names, nil
}

// Expand returns all targets that the Options mean, members included, for a command that only says what it would do. It asks
// servers only for the members, and to tell control planes with one address apart. Hubs that could not list their members
// are the failures.
func (s *Session) Expand(ctx context.Context) ([]fleet.Target, *Failures, error) {
	failures := s.NewFailures()
	targets, err := s.Distinct(ctx)
	if err != nil || !s.Members.Any() {
		return targets, failures, err
	}
	targets, failed, err := s.expandMembers(ctx, targets)
	failures.Done = len(targets)
	for _, hub := range failed {
		failures.Add(hub.Key, hub.Err)
	}
	return targets, failures, err
}

func membersOf(hub fleet.Target, names []string) []fleet.Target {
	targets := make([]fleet.Target, len(names))
	for i, name := range names {
		targets[i] = hub.With(name)
	}
	return targets
}
