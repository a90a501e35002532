// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
)

func newContexts(env *Env, conn *connection) *cobra.Command {
	var (
		format output.Format
		check  bool
	)
	cmd := &cobra.Command{
		Use:   "contexts",
		Short: "Show which control planes a selection means",
		Long: `Show which control planes a selection means, without asking any of them. Contexts that reach the same control plane are
visited once; those that are passed over have the one that is used under DUPLICATE OF. Without a selection there is one:
the current context.

With --check every control plane is asked whether it is there, what it is, and what this identity may do with bootstrap
tokens.`,
		Example: `  joinctl contexts --all-contexts
  joinctl contexts --contexts 'prod-*' --exclude-contexts '/old$/' --check
  joinctl contexts --all-contexts --shard 0/4 -o name`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			missed := conn.shortfall()
			found, err := conn.listContexts(cmd.Context(), check, missed)
			if err != nil {
				return err
			}
			found.Failures = missed.document()
			if err := output.Print(env.Out, &format, found, contextView(check)); err != nil {
				return err
			}
			return missed.orNil()
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().BoolVar(&check, "check", false, "ask each whether it is reachable, what it is, and what may be done with tokens there")
	return cmd
}

// listContexts describes the selected contexts, duplicates after the one that is used.
func (c *connection) listContexts(ctx context.Context, check bool, missed *shortfall) (output.List[contextItem], error) {
	out := output.List[contextItem]{Kind: "ContextList"}
	c.quiet = true // the list shows duplicates itself
	targets, err := c.targets()
	if err != nil {
		return out, err
	}
	checked := map[string]fleet.Result[checkup]{}
	if check {
		for _, result := range visit(ctx, c, targets, 0, c.examine) {
			checked[result.Target.Context] = result
		}
	}
	for _, target := range targets {
		item, err := describeContext(target, target.Context)
		if result, ok := checked[target.Context]; ok && err == nil {
			reachable := result.Err == nil
			item.Reachable, item.checkup, err = &reachable, result.Value, result.Err
		}
		out.Items = append(out.Items, item)
		if err != nil {
			missed.add(target, err)
		} else {
			missed.done++
		}
		for _, name := range target.Duplicates() {
			item, _ := describeContext(target, name) // it has the cluster of the one that is used
			item.DuplicateOf = target.Context
			out.Items = append(out.Items, item)
		}
	}
	return out, nil
}

func describeContext(target fleet.Target, name string) (contextItem, error) {
	s, err := target.Summary(name)
	return contextItem{
		Context: name, Cluster: s.Cluster, Server: s.Server, Namespace: s.Namespace, User: s.User, Credential: s.Credential,
	}, err
}

// examine asks a control plane what contexts --check shows. It has failed when its version cannot be learnt.
func (c *connection) examine(ctx context.Context, _ fleet.Target, client *kube.Client) (checkup, error) {
	var out checkup
	var err error
	begin := c.env.Now()
	if out.Version, err = client.Version(ctx); err != nil {
		return out, err
	}
	milliseconds := c.env.Now().Sub(begin).Milliseconds()
	out.LatencyMS = &milliseconds
	karmada, err := client.Serves(ctx, kube.KarmadaGroup)
	if err != nil {
		return out, err
	}
	out.Karmada = &karmada
	for verb, may := range map[string]**bool{"create": &out.MayCreate, "list": &out.MayList, "delete": &out.MayDelete} {
		allowed, err := client.MayI(ctx, kube.Access{Verb: verb, Resource: "secrets", Namespace: "kube-system"})
		if err != nil {
			return out, err
		}
		*may = &allowed
	}
	return out, nil
}
