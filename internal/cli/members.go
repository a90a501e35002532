// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// members says which member clusters of Karmada control planes are meant, in place of those themselves.
type members struct {
	all      bool
	selector selectorValue // on the labels of Cluster objects; "" for all
	names    []string
}

// register adds the flags, and what goes with what.
func (s *members) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&s.all, "members", false, "act in the member clusters of the Karmada control plane, through it")
	flags.VarP(&s.selector, "selector", "l", "with --members: those alone whose Cluster objects have such labels")
	s.registerNames(cmd)
	before(cmd, func() error {
		switch {
		case s.all && len(s.names) > 0:
			return errors.New("--members means all members, and goes without --member")
		case s.selector != "" && !s.all:
			return errors.New("--selector goes with --members")
		}
		return nil
	})
}

// registerNames adds the flag for members that are named.
func (s *members) registerNames(cmd *cobra.Command) {
	cmd.Flags().Var(&clustersValue{&s.names}, "member", "act in this member cluster of the Karmada control plane, through it (repeatable, or a list)")
}

// any reports whether members are meant at all.
func (s *members) any() bool { return s.all || len(s.names) > 0 }

// many reports whether the command line could mean several, however many there are.
func (s *members) many() bool { return s.all || len(s.names) > 1 }

// within returns the members of control planes that are meant, in the order of the control planes, and what failed where
// they could not be learned.
func (c *connection) within(ctx context.Context, hubs []fleet.Target) ([]fleet.Target, []fleet.Result[[]string], error) {
	var (
		targets []fleet.Target
		failed  []fleet.Result[[]string]
	)
	if !c.members.all {
		for _, hub := range hubs {
			targets = append(targets, with(hub, c.members.names)...)
		}
		return targets, nil, nil
	}
	for _, found := range visit(ctx, c, hubs, 0, func(ctx context.Context, hub fleet.Target, client *kube.Client) ([]string, error) {
		klog.V(1).InfoS("listing members", "context", hub.Context, "server", client.Server().Host, "selector", c.members.selector)
		names, err := client.MemberNames(ctx, string(c.members.selector))
		if err != nil {
			return nil, fmt.Errorf("list members: %w", err)
		}
		return names, nil
	}) {
		if found.Err != nil {
			failed = append(failed, found)
		}
		targets = append(targets, with(found.Target, found.Value)...)
	}
	if len(targets) == 0 && len(failed) == 0 {
		return nil, nil, &failure.ConfigError{
			Err:  errors.New("the selection has no members"),
			Hint: "kubectl get clusters --show-labels, on the control plane, shows which there are",
		}
	}
	return targets, failed, nil
}

// planned returns the targets of a command that is only to say what it would do, and with them what could not be learned.
func (c *connection) planned(ctx context.Context) ([]fleet.Target, error) {
	targets, err := c.targets()
	if err != nil || !c.members.any() {
		return targets, err
	}
	targets, failed, err := c.within(ctx, targets)
	missed := c.shortfall()
	missed.done = len(targets)
	for _, hub := range failed {
		missed.add(hub.Target, hub.Err)
	}
	return targets, errors.Join(err, missed.orNil())
}

func with(hub fleet.Target, names []string) []fleet.Target {
	targets := make([]fleet.Target, len(names))
	for i, name := range names {
		targets[i] = hub.With(name)
	}
	return targets
}
