// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"time"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
)

// An saItem is a ServiceAccount token in a document. Empty fields are left out.
type saItem struct {
	Context        string   `json:"context"`              // context of the kubeconfig
	Member         string   `json:"member,omitempty"`     // Karmada member that the ServiceAccount is in; absent: the control plane
	Namespace      string   `json:"namespace"`            // of the ServiceAccount
	ServiceAccount string   `json:"serviceAccount"`       // name of the ServiceAccount
	Name           string   `json:"name,omitempty"`       // of the revocation Secret; absent: the token is not revocable
	Token          string   `json:"token,omitempty"`      // bearer token; absent: a list does not have it
	Audiences      []string `json:"audiences,omitempty"`  // that the token is for
	Expires        string   `json:"expires,omitempty"`    // when it expires; absent: unknown
	TTLSeconds     *int64   `json:"ttlSeconds,omitempty"` // until then, by the server's clock; absent: as expires
	Created        string   `json:"created,omitempty"`    // when the revocation Secret was created; absent: not a list

	Age string `json:"-"`
}

// place returns where the token is, and its name there: that of its Secret if it has one.
func (i saItem) place() place {
	return place{i.Context, i.Member, cmp.Or(i.Name, i.ServiceAccount)}
}

// issuedItem returns a token that was issued.
func issuedItem(issued action.IssuedToken) saItem {
	item := saItem{
		Context:        issued.Target.Context,
		Member:         issued.Target.Member,
		Namespace:      issued.Account.Namespace,
		ServiceAccount: issued.Account.Name,
		Name:           issued.Revocation.Name,
		Token:          issued.Token.Reveal(),
		Audiences:      issued.Token.Claims.Audiences,
		Expires:        timestamp(issued.Token.Expires()),
	}
	if item.Expires != "" {
		left := int64(issued.Token.Lifetime() / time.Second)
		item.TTLSeconds = &left
	}
	return item
}

// issuedView shows new tokens in a table.
func issuedView() output.View[saItem] {
	return output.View[saItem]{
		Name: func(i saItem) string { return "tokenrequest.authentication.k8s.io/" + i.ServiceAccount },
		Columns: []output.Column[saItem]{
			{Title: "Namespace", Cell: func(i saItem) string { return i.Namespace }},
			{Title: "ServiceAccount", Cell: func(i saItem) string { return i.ServiceAccount }},
			{Title: "Audiences", Wide: true, Cell: func(i saItem) string { return commaList(i.Audiences) }},
			{Title: "Expires", Cell: func(i saItem) string { return cmp.Or(i.Expires, "<unknown>") }},
			{Title: "Token", Cell: func(i saItem) string { return i.Token }},
		},
	}
}

// revocableItem returns a revocable token that was found.
func revocableItem(found action.RevocableToken) saItem {
	secret := found.Secret
	return saItem{
		Context:        found.Target.Context,
		Member:         found.Target.Member,
		Namespace:      secret.Account.Namespace,
		ServiceAccount: secret.Account.Name,
		Name:           secret.Name,
		Audiences:      secret.Audiences,
		Created:        timestamp(secret.Created),
		Age:            failure.Duration(max(found.Now.Sub(secret.Created), 0)),
		Expires:        timestamp(secret.Expires),
		TTLSeconds:     secondsUntil(secret.Expires, found.Now),
	}
}

// revocableView shows revocable tokens.
func revocableView(allNamespaces bool) output.View[saItem] {
	return output.View[saItem]{
		Name: func(i saItem) string { return "secret/" + i.Name },
		Columns: []output.Column[saItem]{
			{Title: "Namespace", Wide: !allNamespaces, Cell: func(i saItem) string { return i.Namespace }},
			{Title: "Name", Cell: func(i saItem) string { return i.Name }},
			{Title: "ServiceAccount", Cell: func(i saItem) string { return cmp.Or(i.ServiceAccount, "<unknown>") }},
			{Title: "Audiences", Cell: func(i saItem) string { return commaList(i.Audiences) }},
			{Title: "TTL", Cell: func(i saItem) string { return ttlCell(i.TTLSeconds, "<unknown>") }},
			{Title: "Expires", Cell: func(i saItem) string { return cmp.Or(i.Expires, "<unknown>") }},
			{Title: "Age", Cell: func(i saItem) string { return i.Age }},
		},
	}
}
