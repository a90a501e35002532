// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// An saItem is a ServiceAccount token in a document. Fields that say nothing are left out.
type saItem struct {
	Context        string   `json:"context"`
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

// mintedItem describes a token that was just granted.
func mintedItem(target fleet.Target, g granted) saItem {
	item := saItem{
		Context:        target.Context,
		Namespace:      g.account.Namespace,
		ServiceAccount: g.account.Name,
		Token:          g.token.Reveal(),
		Audiences:      g.token.Claims.Audiences,
	}
	if at := g.token.Expires(); !at.IsZero() {
		left := int64(g.token.Lifetime() / time.Second)
		item.Expires, item.TTLSeconds = at.UTC().Format(time.RFC3339), &left
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
