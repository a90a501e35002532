// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenList(env *Env, s *session.Session) *cobra.Command {
	var (
		list        = action.TokenList{Session: s}
		format      output.Format
		showSecrets bool
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List bootstrap tokens and how the server treats each",
		Long: `List bootstrap tokens, the soonest to expire first. STATUS shows how the server treats a token: ok, expired, unusable (well
formed, yet refused), malformed (not readable as a token) or other (nobody joins with it, and another program uses it, such
as kubeadm init --upload-certs), with the reason. The list shows every Secret of the type, and those that have the name of a
token and another type. Token secrets are hidden.

-o wide and the structured formats also show whether the cluster that a token is for has joined: Ready, NotReady or NotJoined.
A token is no longer needed when its cluster is Ready.`,
		Example: `  joinctl token list
  joinctl token list --context hub -o wide
  joinctl token list --for member1 --for member2
  joinctl token list -l app.kubernetes.io/managed-by=joinctl
  joinctl token list --contexts 'prod-*' --exclude-contexts '*-old' -o json
  joinctl token list -o jsonpath='{range .items[?(@.status!="ok")]}{.name}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list.ClusterStatus = format.Structured() || format.IsWide()
			tokens, failures, err := list.Run(cmd.Context())
			if err != nil {
				return err
			}
			view := withPlace(s, tokenView(), tokenItem.place)
			return printList(env, s, &format, "TokenList", "bootstrap tokens", view, listedItems(tokens, showSecrets), failures)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	listVar(flags, &list.Clusters, "for", "name", "list only tokens for this cluster (repeatable, or a list)", parseClusterNames)
	selectorVar(flags, &list.Selector, "list only tokens whose Secret matches this label selector")
	flags.BoolVar(&showSecrets, "show-secrets", false, "show whole tokens, not only their IDs, in every format")
	return cmd
}

// listedItems returns the tokens of each target, the soonest to expire first and those that never expire last.
func listedItems(tokens []action.ListedToken, showSecrets bool) []tokenItem {
	slices.SortStableFunc(tokens, func(a, b action.ListedToken) int {
		return cmp.Or(cmp.Compare(a.Target.Context, b.Target.Context), cmp.Compare(urgency(a), urgency(b)),
			a.Spec.Expires.Compare(b.Spec.Expires), cmp.Compare(a.Secret.Name, b.Secret.Name))
	})
	items := make([]tokenItem, len(tokens))
	for i, listed := range tokens {
		items[i] = listedItem(listed, showSecrets)
	}
	return items
}

func listedItem(listed action.ListedToken, showSecrets bool) tokenItem {
	item := tokenItem{
		Context:   listed.Target.Context,
		ID:        token.Ref{Name: listed.Secret.Name}.ID(),
		Name:      listed.Secret.Name,
		Status:    string(listed.Health.Status),
		Reason:    listed.Health.Reason,
		BadExpiry: badExpiry(listed),

		ClusterStatus: string(listed.ClusterStatus),
	}
	item.describe(listed.Spec, listed.Now)
	if created := listed.Secret.CreationTimestamp; !created.IsZero() {
		item.Age = failure.Duration(max(listed.Now.Sub(created.Time), 0))
	}
	if showSecrets && !listed.Token.IsZero() {
		item.Token = listed.Token.Reveal()
	}
	return item
}

// badExpiry reports whether a token has an expiry that the server cannot read.
func badExpiry(listed action.ListedToken) bool {
	return listed.Spec.Expires.IsZero() && token.HasExpiration(listed.Secret)
}

// urgency orders tokens that the server deletes at once before those that expire, and those before the rest.
func urgency(listed action.ListedToken) int {
	switch {
	case badExpiry(listed):
		return 0
	case !listed.Spec.Expires.IsZero():
		return 1
	}
	return 2
}
