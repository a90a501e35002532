// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenList(env *Env, s *session.Session) *cobra.Command {
	list := &tokenListing{
		env:    env,
		list:   action.TokenList{Session: s},
		format: output.Format{Metrics: true},
	}
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "show", "describe", "inspect"},
		Short:      "List bootstrap tokens and how the server treats each",
		Long: `List bootstrap tokens, the soonest to expire first. STATUS shows how the server treats a token: ok, expired, unusable (well
formed, yet refused), malformed (not readable as a token) or other (nobody joins with it, and another program uses it, such
as kubeadm init --upload-certs), with the reason. The list shows every Secret of the type, and those that have the name of a
token and another type. Token secrets are hidden. "ok (not signed)" means that cluster-info has no signature of a valid token,
so that a join with it fails. A terminal shows descriptions as far as they fit.

-o wide and the structured formats also show usages, groups and whether the cluster that a token is for has joined: Ready,
NotReady or NotJoined. A token is no longer needed when its cluster is Ready. USED shows the certificate requests that were
sent with the token: how many, when the last one came, and for whom. The server deletes requests after an hour. --pending
shows the tokens of the clusters that have not joined.

A list shows the tokens that match all its filters, by the server's clock. --fail-on judges all tokens, or those that --for and
--selector select, whether the filters show them or not. The list is printed first, and the exit code is 4 for each of these:
expired, never-expires (a valid token without an expiry), expiring=DURATION (a valid token that expires within that time),
malformed, and none-valid (no token has the status ok, or none for a cluster that --for names).

--watch goes on with what changes, until it is interrupted or --timeout is over: a line with EVENT for each token, or a document
for all changes at one time. A control plane that fails is asked again, and hides no other one.

-o prometheus prints metrics for the textfile collector of node_exporter.`,
		Example: `  joinctl token list
  joinctl token list --context hub -o wide
  joinctl token list --for member1 --for member2
  joinctl token list -l app.kubernetes.io/managed-by=joinctl
  joinctl token list --pending --all-contexts
  joinctl token list --active --expiring-within 24h --sort-by .for
  joinctl token list --fail-on expired,never-expires,expiring=24h
  joinctl token list --watch --timeout 10m
  joinctl token list --all-contexts -o prometheus
  joinctl token list --contexts 'prod-*' --exclude-contexts '*-old' -o json
  joinctl token list -o jsonpath='{range .items[?(@.status!="ok")]}{.name}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return list.run(cmd.Context()) },
	}
	list.register(cmd)
	return cmd
}

// A tokenListing is what the flags of token list say.
type tokenListing struct {
	env         *Env
	list        action.TokenList
	format      output.Format
	sortBy      output.SortKey
	showSecrets bool
	watch       bool
}

func (l *tokenListing) run(ctx context.Context) error {
	s := l.list.Session
	l.list.ClusterStatus = l.format.Structured() || l.format.IsWide()
	l.list.Uses = l.list.ClusterStatus
	l.list.Signatures = !l.watch && !l.format.IsName() && !l.format.IsMetrics()
	if l.watch {
		return l.runWatch(ctx)
	}
	found, err := l.list.Run(ctx)
	if err != nil {
		return err
	}
	if l.format.IsMetrics() {
		return finish(output.PrintMetrics(l.env.Out, tokenMetrics(found)), found.Findings, found.Failures)
	}
	items := listedItems(found.Shown, l.showSecrets)
	if err := output.Sort(items, l.sortBy); err != nil {
		return finish(err, found.Findings, found.Failures)
	}
	view := withPlace(s, tokenView(), tokenItem.place)
	return printList(l.env, s, &l.format, "TokenList", "bootstrap tokens"+l.filterText(), view, items, found.Failures, found.Findings...)
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
		Signed:        listed.Signed,
	}
	item.describe(listed.Spec, listed.Now)
	item.describeUses(listed.Uses, listed.Now)
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
