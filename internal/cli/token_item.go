// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// A tokenItem is a bootstrap token in a document. Empty fields are left out.
type tokenItem struct {
	Context       string    `json:"context"`                 // context of the kubeconfig
	ID            string    `json:"id,omitempty"`            // token ID; absent: the name of the Secret has none
	Name          string    `json:"name"`                    // of the Secret
	Token         string    `json:"token,omitempty"`         // whole token; absent: hidden, or in a file or a Secret
	Expires       string    `json:"expires,omitempty"`       // when it expires; absent: it does not, or the server cannot read it
	TTLSeconds    *int64    `json:"ttlSeconds,omitempty"`    // until then, by the server's clock; negative when over; absent: as expires
	Usages        []string  `json:"usages,omitempty"`        // signing, authentication
	Groups        []string  `json:"groups,omitempty"`        // extra groups that the token authenticates as
	Description   string    `json:"description,omitempty"`   // of the token
	For           string    `json:"for,omitempty"`           // the cluster that joins with it
	ClusterStatus string    `json:"clusterStatus,omitempty"` // Ready, NotReady or NotJoined: that of the cluster; absent: not known
	Used          *usedItem `json:"used,omitempty"`          // by whom it was used; absent: not known
	Status        string    `json:"status,omitempty"`        // ok, expired, unusable, malformed or other; absent: not judged
	Signed        *bool     `json:"signed,omitempty"`        // cluster-info has a valid signature of it; absent: not known, or not for signing
	Reason        string    `json:"reason,omitempty"`        // why the status is not ok or expired
	Endpoint      string    `json:"endpoint,omitempty"`      // HOST:PORT that the join command joins at; absent: no join command
	CACertHashes  []string  `json:"caCertHashes,omitempty"`  // pins of the CA; absent: no join command
	Command       string    `json:"command,omitempty"`       // join command; absent: not asked for, or in a file
	Replaces      string    `json:"replaces,omitempty"`      // ID of the token that it replaces; absent: none
	File          string    `json:"file,omitempty"`          // that holds the token, or the command; absent: this document does
	Event         string    `json:"event,omitempty"`         // ADDED, MODIFIED or DELETED: how it changed; absent: without --watch

	Created   *bool            `json:"created,omitempty"`   // false: the token existed; absent: not token ensure
	Content   string           `json:"content,omitempty"`   // bootstrap kubeconfig or JoinConfiguration; absent: another form
	Published *publishedChange `json:"published,omitempty"` // where the consumer reads the token; absent: in this document

	Age       string `json:"-"`
	BadExpiry bool   `json:"-"` // there is one, and the server cannot read it
}

// A usedItem is the certificate requests that were sent with a token, and that the server still has.
type usedItem struct {
	Count   int      `json:"count"`          // number of requests
	Pending int      `json:"pending"`        // of those: neither approved nor denied
	Last    string   `json:"last,omitempty"` // when the last one came
	By      []string `json:"by,omitempty"`   // the common names that they ask for

	Ago string `json:"-"` // since the last one
}

// String shows the uses in a table.
func (u *usedItem) String() string {
	switch {
	case u == nil:
		return "<unknown>"
	case u.Count == 0:
		return none
	}
	parts := []string{strconv.Itoa(u.Count)}
	if u.Ago != "" {
		parts = append(parts, u.Ago+" ago")
	}
	if len(u.By) > 0 {
		parts = append(parts, failure.Few(u.By))
	}
	return strings.Join(parts, ", ")
}

// describe fills in a Spec, given the server's time.
func (i *tokenItem) describe(spec token.Spec, now time.Time) {
	i.Usages, i.Groups, i.Description, i.For = spec.Usages, spec.Groups, spec.Description, spec.For
	i.Expires, i.TTLSeconds = timestamp(spec.Expires), secondsUntil(spec.Expires, now)
}

// describeUses fills in the uses of a token, given the server's time.
func (i *tokenItem) describeUses(uses *token.Uses, now time.Time) {
	if uses == nil {
		return
	}
	i.Used = &usedItem{Count: uses.Count, Pending: uses.Pending, Last: timestamp(uses.Last), By: uses.By}
	if !uses.Last.IsZero() {
		i.Used.Ago = failure.Duration(max(now.Sub(uses.Last), 0))
	}
}

// describeCommand fills in a join command.
func (i *tokenItem) describeCommand(c join.Command) {
	i.Endpoint, i.Command = c.Endpoint.HostPort(), c.Line()
	for _, pin := range c.Pins {
		i.CACertHashes = append(i.CACertHashes, string(pin))
	}
}

// place returns where the token is, and its name there.
func (i tokenItem) place() place { return place{context: i.Context, name: cmp.Or(i.ID, i.Name)} }

// createdItem returns a token that was created. A dry run has no credential, and one that is in a file is not shown.
func createdItem(created action.CreatedToken, dryRun bool) tokenItem {
	item := tokenItem{Context: created.Target.Context, ID: created.Token.ID, Name: created.Secret.Name, File: created.File}
	item.describe(created.Spec, created.Now)
	if dryRun {
		return item
	}
	item.Token = created.Token.Reveal()
	if !created.Command.Endpoint.IsZero() {
		item.describeCommand(created.Command)
	}
	if created.File != "" {
		item.Token, item.Command = "", ""
	}
	return item
}

// tokenView shows tokens and what the server does with each, within 100 columns.
func tokenView() output.View[tokenItem] {
	const shortStatus, shortDescription = len("unusable (no usage)"), len("DESCRIPTION")
	return output.View[tokenItem]{
		Name: func(i tokenItem) string { return "secret/" + i.Name },
		Columns: []output.Column[tokenItem]{
			{Title: "Token", Cell: func(i tokenItem) string { return cmp.Or(i.Token, i.ID, i.Name) }},
			{Title: "Status", Cell: tokenItem.statusCell, Tone: healthTone, Cut: shortStatus},
			ttlColumn(),
			expiresColumn(),
			forColumn(),
			descriptionColumn(shortDescription),
			wide(usagesColumn()),
			wide(groupsColumn()),
			{Title: "Cluster", Wide: true, Cell: clusterStatusCell},
			{Title: "Used", Wide: true, Cell: func(i tokenItem) string { return i.Used.String() }},
			{Title: "Age", Wide: true, Cell: func(i tokenItem) string { return cmp.Or(i.Age, "<unknown>") }},
			{Title: "Secret", Wide: true, Cell: func(i tokenItem) string { return i.Name }},
		},
	}
}

// createdView shows tokens that a command created: a column with the credential, and what is worth knowing about it.
func createdView(credential ...output.Column[tokenItem]) output.View[tokenItem] {
	view := tokenView()
	view.Columns = append(credential, ttlColumn(), expiresColumn(), usagesColumn(), descriptionColumn(0), groupsColumn())
	return view
}

func wide(column output.Column[tokenItem]) output.Column[tokenItem] {
	column.Wide = true
	return column
}

func ttlColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "TTL", Cell: tokenTTLCell}
}

func expiresColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "Expires", Cell: expiresCell}
}

func usagesColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "Usages", Cell: func(i tokenItem) string { return commaList(i.Usages) }}
}

func groupsColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "Extra Groups", Cell: func(i tokenItem) string { return commaList(i.Groups) }}
}

// descriptionColumn shows descriptions, which a terminal cuts to so many columns at least, or never.
func descriptionColumn(cut int) output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "Description", Cell: func(i tokenItem) string { return cmp.Or(i.Description, none) }, Cut: cut}
}

// isUnsigned reports whether members cannot trust cluster-info with this token, which is for that.
func (i tokenItem) isUnsigned() bool { return i.Signed != nil && !*i.Signed }

// statusCell shows how the server treats a token, and why.
func (i tokenItem) statusCell() string {
	health := token.Health{Status: token.Status(i.Status), Reason: i.Reason}
	if health.Status == token.OK && i.isUnsigned() {
		health.Reason = "not signed"
	}
	return health.String()
}

// forColumn shows the cluster that a token is for.
func forColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "For", Cell: func(i tokenItem) string { return cmp.Or(i.For, none) }}
}

// clusterStatusCell shows whether the cluster that a token is for has joined.
func clusterStatusCell(i tokenItem) string {
	if i.For == "" {
		return none
	}
	return cmp.Or(i.ClusterStatus, "<unknown>")
}

func tokenTTLCell(i tokenItem) string {
	if i.BadExpiry {
		return "<invalid>"
	}
	return ttlCell(i.TTLSeconds, "<forever>")
}

func expiresCell(i tokenItem) string {
	if i.BadExpiry {
		return "<invalid>"
	}
	return cmp.Or(i.Expires, "<never>")
}
