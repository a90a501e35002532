// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/joinctl/joinctl/internal/output"
)

// A contextItem is a context of the kubeconfig in a document.
type contextItem struct {
	Context     string `json:"context"`
	Cluster     string `json:"cluster,omitempty"`
	Server      string `json:"server,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	User        string `json:"user,omitempty"`
	Credential  string `json:"credential,omitempty"` // its kind
	DuplicateOf string `json:"duplicateOf,omitempty"`
	Reachable   *bool  `json:"reachable,omitempty"` // absent: it was not asked

	checkup `json:",inline"`
}

// A checkup is what a control plane says. What is absent is not known.
type checkup struct {
	LatencyMS *int64 `json:"latencyMilliseconds,omitempty"` // of the first request, connection included
	Version   string `json:"version,omitempty"`
	Karmada   *bool  `json:"karmada,omitempty"`
	MayCreate *bool  `json:"mayCreateTokens,omitempty"`
	MayList   *bool  `json:"mayListTokens,omitempty"`
	MayDelete *bool  `json:"mayDeleteTokens,omitempty"`
}

// contextView is how contexts look.
func contextView(checked bool) output.View[contextItem] {
	none := func(s string) string { return first(s, "<none>") }
	view := output.View[contextItem]{
		Name: func(i contextItem) string { return output.Plain(i.Context) },
		Columns: []output.Column[contextItem]{
			{Title: "Context", Cell: func(i contextItem) string { return i.Context }},
			{Title: "Cluster", Cell: func(i contextItem) string { return none(i.Cluster) }},
			{Title: "Server", Cell: func(i contextItem) string { return none(i.Server) }},
			{Title: "Namespace", Cell: func(i contextItem) string { return none(i.Namespace) }},
			{Title: "Credential", Cell: func(i contextItem) string { return none(i.Credential) }},
			{Title: "Duplicate Of", Cell: func(i contextItem) string { return none(i.DuplicateOf) }},
			{Title: "User", Wide: true, Cell: func(i contextItem) string { return none(i.User) }},
		},
	}
	if !checked {
		return view
	}
	view.Columns = append(view.Columns,
		output.Column[contextItem]{Title: "Reachable", Cell: func(i contextItem) string { return yes(i.Reachable) }},
		output.Column[contextItem]{Title: "Latency", Cell: latencyCell},
		output.Column[contextItem]{Title: "Version", Cell: func(i contextItem) string { return first(i.Version, "<unknown>") }},
		output.Column[contextItem]{Title: "Karmada", Cell: func(i contextItem) string { return yes(i.Karmada) }},
		output.Column[contextItem]{Title: "Create", Cell: func(i contextItem) string { return yes(i.MayCreate) }},
		output.Column[contextItem]{Title: "List", Cell: func(i contextItem) string { return yes(i.MayList) }},
		output.Column[contextItem]{Title: "Delete", Cell: func(i contextItem) string { return yes(i.MayDelete) }},
	)
	return view
}

func latencyCell(i contextItem) string {
	if i.LatencyMS == nil {
		return "<unknown>"
	}
	return fmt.Sprintf("%dms", *i.LatencyMS)
}

// yes shows an answer that may not be known.
func yes(answer *bool) string {
	if answer == nil {
		return "<unknown>"
	}
	return map[bool]string{true: "yes", false: "no"}[*answer]
}
