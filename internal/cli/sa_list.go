// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
)

func newSAList(conn *connection) *cobra.Command {
	var (
		format        output.Format
		allNamespaces bool
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List revocable tokens of ServiceAccounts",
		Long: `List the tokens that sa token --revocable and sa kubeconfig --revocable made, the soonest to expire first. The server keeps
no other tokens, so that those cannot be listed by anyone.`,
		Example: `  joinctl sa list -n ci
  joinctl sa list -A -o wide
  joinctl sa list -A --context hub --members`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]saItem, error) {
				namespace, err := namespaceIn(target, allNamespaces)
				if err != nil {
					return nil, err
				}
				klog.V(1).InfoS("listing revocable tokens", "context", target.Context, "server", c.Server().Host, "namespace", namespace)
				found, now, err := satoken.List(ctx, c, namespace)
				return boundItems(target, found, now), c.ExplainProxyError(err)
			})
			if err != nil {
				return err
			}
			return printFound(conn, &format, "ServiceAccountTokenList", "revocable tokens", behind(conn, boundView(allNamespaces), saItem.at), results)
		},
	}
	addOutput(cmd, &format)
	addNamespace(cmd, conn)
	conn.members.register(cmd)
	cmd.Flags().BoolVarP(&allNamespaces, "all-namespaces", "A", false, "list those of all namespaces")
	return cmd
}

// boundItems describes what was found on a target, the soonest to expire first.
func boundItems(target fleet.Target, found []satoken.RevocationSecret, now time.Time) []saItem {
	items := make([]saItem, 0, len(found))
	for _, b := range found {
		items = append(items, boundItem(target, b, now))
	}
	slices.SortStableFunc(items, func(a, b saItem) int {
		return cmp.Or(cmp.Compare(a.Expires, b.Expires), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return items
}

// namespaceIn returns the namespace that is meant on a target, "" for all.
func namespaceIn(target fleet.Target, all bool) (string, error) {
	if all {
		return "", nil
	}
	entry, err := target.Entry()
	return entry.Namespace, err
}
