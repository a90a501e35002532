// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
)

// An saItem is a ServiceAccount token in a document. Fields that say nothing are left out.
type saItem struct {
	Context        string   `json:"context"`
	Member         string   `json:"member,omitempty"`
	Namespace      string   `json:"namespace"`
	ServiceAccount string   `json:"serviceAccount"`
	Name           string   `json:"name,omitempty"` // of the Secret that a revocable token is bound to
	Token          string   `json:"token,omitempty"`
	Audiences      []string `json:"audiences,omitempty"`
	Expires        string   `json:"expires,omitempty"` // RFC 3339, UTC; absent: not known
	TTLSeconds     *int64   `json:"ttlSeconds,omitempty"`
	Created        string   `json:"created,omitempty"`

	Age string `json:"-"`
}

// at returns where a token is, and what it is called there: its Secret where it has one.
func (i saItem) at() (context, member, name string) {
	return i.Context, i.Member, first(i.Name, i.ServiceAccount)
}

// boundItem describes a revocable token that was found, at a time.
func boundItem(target fleet.Target, b satoken.RevocationSecret, now time.Time) saItem {
	item := saItem{
		Context:        target.Context,
		Member:         target.Member,
		Namespace:      b.Account.Namespace,
		ServiceAccount: b.Account.Name,
		Name:           b.Name,
		Audiences:      b.Audiences,
		Created:        stamp(b.Created),
		Age:            brief(max(now.Sub(b.Created), 0)),
	}
	if !b.Expires.IsZero() {
		left := int64(b.Expires.Sub(now) / time.Second)
		item.Expires, item.TTLSeconds = stamp(b.Expires), &left
	}
	return item
}

// boundView is how revocable tokens look.
func boundView(allNamespaces bool) output.View[saItem] {
	columns := []output.Column[saItem]{
		{Title: "Namespace", Wide: !allNamespaces, Cell: func(i saItem) string { return i.Namespace }},
		{Title: "Name", Cell: func(i saItem) string { return i.Name }},
		{Title: "ServiceAccount", Cell: func(i saItem) string { return first(i.ServiceAccount, "<unknown>") }},
		{Title: "Audiences", Cell: func(i saItem) string { return list(i.Audiences) }},
		{Title: "TTL", Cell: leftCell},
		{Title: "Expires", Cell: func(i saItem) string { return first(i.Expires, "<unknown>") }},
		{Title: "Age", Cell: func(i saItem) string { return i.Age }},
	}
	return output.View[saItem]{Columns: columns, Name: func(i saItem) string { return "secret/" + i.Name }}
}

func leftCell(i saItem) string {
	switch {
	case i.TTLSeconds == nil:
		return "<unknown>"
	case *i.TTLSeconds <= 0:
		return "<expired>"
	}
	return brief(time.Duration(*i.TTLSeconds) * time.Second)
}

// mintedItem describes a token that was just granted.
func mintedItem(target fleet.Target, g granted) saItem {
	item := saItem{
		Context:        target.Context,
		Member:         target.Member,
		Namespace:      g.account.Namespace,
		ServiceAccount: g.account.Name,
		Name:           g.binding.Name,
		Token:          g.token.Reveal(),
		Audiences:      g.token.Claims.Audiences,
	}
	if at := g.token.Expires(); !at.IsZero() {
		left := int64(g.token.Lifetime() / time.Second)
		item.Expires, item.TTLSeconds = stamp(at), &left
	}
	return item
}

// mintedView is how new tokens look in a table.
func mintedView() output.View[saItem] {
	return output.View[saItem]{
		Name: func(i saItem) string { return "tokenrequest.authentication.k8s.io/" + i.ServiceAccount },
		Columns: []output.Column[saItem]{
			{Title: "Namespace", Cell: func(i saItem) string { return i.Namespace }},
			{Title: "ServiceAccount", Cell: func(i saItem) string { return i.ServiceAccount }},
			{Title: "Audiences", Wide: true, Cell: func(i saItem) string { return list(i.Audiences) }},
			{Title: "Expires", Cell: func(i saItem) string { return first(i.Expires, "<unknown>") }},
			{Title: "Token", Cell: func(i saItem) string { return i.Token }},
		},
	}
}
