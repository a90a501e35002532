// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newSAList(env *Env, s *session.Session) *cobra.Command {
	var (
		list   = action.SAList{Session: s}
		format output.Format
		sortBy output.SortKey
	)
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List revocable tokens of ServiceAccounts",
		Long: `List the tokens that sa token --revocable and sa kubeconfig --revocable requested, the soonest to expire first. The server
does not store other tokens, so nobody can list those.`,
		Example: `  joinctl sa list -n ci
  joinctl sa list -A -o wide
  joinctl sa list -A --sort-by .serviceAccount
  joinctl sa list -A --context hub --members`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tokens, failures, err := list.Run(cmd.Context())
			if err != nil {
				return err
			}
			items := revocableItems(tokens)
			if err := output.Sort(items, sortBy); err != nil {
				return finish(err, nil, failures)
			}
			view := withPlace(s, revocableView(list.AllNamespaces), saItem.place)
			return printList(env, s, &format, "ServiceAccountTokenList", "revocable tokens", view, items, failures)
		},
	}
	addOutput(cmd, &format)
	addSortBy[saItem](cmd, &sortBy, ".serviceAccount", "context and expiry")
	addNamespace(cmd, s)
	addMembers(cmd, s)
	cmd.Flags().BoolVarP(&list.AllNamespaces, "all-namespaces", "A", false, "list the tokens of all namespaces")
	return cmd
}

// revocableItems returns the tokens of each target, the soonest to expire first.
func revocableItems(tokens []action.RevocableToken) []saItem {
	items := make([]saItem, len(tokens))
	for i, found := range tokens {
		items[i] = revocableItem(found)
	}
	slices.SortStableFunc(items, func(a, b saItem) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Expires, b.Expires),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return items
}
