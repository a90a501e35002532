// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newContexts(env *Env, s *session.Session) *cobra.Command {
	var (
		contexts = action.Contexts{Session: s}
		format   output.Format
		sortBy   output.SortKey
	)
	cmd := &cobra.Command{
		Use:        "contexts",
		SuggestFor: []string{"clusters", "hubs"},
		Short:      "Show the control planes that a selection means",
		Long: `Show the control planes that a selection means. No control plane is asked. Contexts with the same address and the same
credential are used once: the others show the context that is used under DUPLICATE OF. Without a selection, only the current
context is used.

--check asks every control plane whether it answers, whether it is a Karmada control plane, and what this identity can do
with bootstrap tokens. If something answers and refuses, such as a proxy in front of the control plane, REACHABLE shows the
reason, such as Unauthorized. As other commands do, --check also finds out which contexts with the same address and different
credentials reach the same control plane; they are used once, too.`,
		Example: `  joinctl contexts --all-contexts
  joinctl contexts --contexts 'prod-*' --exclude-contexts '/old$/' --check
  joinctl contexts --all-contexts --shard 0/4 -o name`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			listed, failures, err := contexts.Run(cmd.Context())
			if err != nil {
				return err
			}
			list := output.List[contextItem]{Kind: "ContextList", Failures: failureItems(s, failures)}
			for _, one := range listed {
				list.Items = append(list.Items, newContextItem(one))
			}
			if err := output.Sort(list.Items, sortBy); err != nil {
				return finish(err, nil, failures)
			}
			return finish(output.Print(env.Out, &format, list, contextView(contexts.Check)), nil, failures)
		},
	}
	addOutput(cmd, &format)
	addSortBy[contextItem](cmd, &sortBy, ".server", "name")
	cmd.Flags().BoolVar(&contexts.Check, "check", false, "ask every control plane whether it answers, what it is, and what this identity can do with tokens")
	return cmd
}

// A contextItem is a context of the kubeconfig in a document. Fields that are not known are left out.
type contextItem struct {
	Context     string `json:"context"`               // name of the context
	Cluster     string `json:"cluster,omitempty"`     // of the kubeconfig
	Server      string `json:"server,omitempty"`      // URL of the control plane
	Namespace   string `json:"namespace,omitempty"`   // of the context; absent: it names none
	User        string `json:"user,omitempty"`        // of the kubeconfig
	Credential  string `json:"credential,omitempty"`  // kind of its credential, such as token or client certificate; absent: none
	DuplicateOf string `json:"duplicateOf,omitempty"` // context that is used in its place; absent: this one is used

	// The answers of the control plane, with --check.
	Reachable *bool  `json:"reachable,omitempty"`           // something answers at the address; absent: without --check
	Refusal   string `json:"refusal,omitempty"`             // reason why it refuses this identity; absent: it does not
	LatencyMS *int64 `json:"latencyMilliseconds,omitempty"` // of the first request, with the connection; absent: not known, or without --check
	Version   string `json:"version,omitempty"`             // of the control plane; absent: not known, or without --check
	Karmada   *bool  `json:"karmada,omitempty"`             // it is a Karmada control plane; absent: not known, or without --check
	MayCreate *bool  `json:"mayCreateTokens,omitempty"`     // this identity may create bootstrap tokens; absent: not known, or without --check
	MayList   *bool  `json:"mayListTokens,omitempty"`       // it may list them; absent: not known, or without --check
	MayDelete *bool  `json:"mayDeleteTokens,omitempty"`     // it may delete them; absent: not known, or without --check
}

func newContextItem(c action.ListedContext) contextItem {
	item := contextItem{
		Context: c.Name, Cluster: c.Summary.Cluster, Server: c.Summary.Server, Namespace: c.Summary.Namespace,
		User: c.Summary.User, Credential: c.Summary.Credential, DuplicateOf: c.DuplicateOf,
	}
	if answers := c.Checkup; answers != nil {
		item.Reachable, item.Version, item.Karmada = &answers.Reachable, answers.Version, answers.Karmada
		item.Refusal = string(answers.Refusal)
		item.MayCreate, item.MayList, item.MayDelete = answers.MayCreate, answers.MayList, answers.MayDelete
		if latency := answers.Latency.Milliseconds(); answers.Version != "" {
			item.LatencyMS = &latency
		}
	}
	return item
}

func contextView(checked bool) output.View[contextItem] {
	view := output.View[contextItem]{
		Name: func(i contextItem) string { return i.Context },
		Columns: []output.Column[contextItem]{
			{Title: "Context", Cell: func(i contextItem) string { return i.Context }},
			{Title: "Cluster", Cell: func(i contextItem) string { return cmp.Or(i.Cluster, none) }},
			{Title: "Server", Cell: func(i contextItem) string { return cmp.Or(i.Server, none) }},
			{Title: "Namespace", Cell: func(i contextItem) string { return cmp.Or(i.Namespace, none) }},
			{Title: "Credential", Cell: func(i contextItem) string { return cmp.Or(i.Credential, none) }},
			{Title: "Duplicate Of", Cell: func(i contextItem) string { return cmp.Or(i.DuplicateOf, none) }},
			{Title: "User", Wide: true, Cell: func(i contextItem) string { return cmp.Or(i.User, none) }},
		},
	}
	if !checked {
		return view
	}
	view.Columns = append(view.Columns, []output.Column[contextItem]{
		{Title: "Reachable", Cell: func(i contextItem) string { return cmp.Or(i.Refusal, answerCell(i.Reachable)) }, Tone: answerTone},
		{Title: "Latency", Cell: latencyCell},
		{Title: "Version", Cell: func(i contextItem) string { return cmp.Or(i.Version, unknown) }},
		{Title: "Karmada", Cell: func(i contextItem) string { return answerCell(i.Karmada) }},
		{Title: "Create", Cell: func(i contextItem) string { return answerCell(i.MayCreate) }},
		{Title: "List", Cell: func(i contextItem) string { return answerCell(i.MayList) }},
		{Title: "Delete", Cell: func(i contextItem) string { return answerCell(i.MayDelete) }},
	}...)
	return view
}

// unknown is what a table shows for an answer that the control plane did not give.
const unknown = "<unknown>"

func latencyCell(i contextItem) string {
	if i.LatencyMS == nil {
		return unknown
	}
	return fmt.Sprintf("%dms", *i.LatencyMS)
}

func answerCell(answer *bool) string {
	switch {
	case answer == nil:
		return unknown
	case *answer:
		return "yes"
	}
	return "no"
}
