// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
)

// An inspectionItem is what a token says, in a document. Empty fields are left out.
type inspectionItem struct {
	Context        string                `json:"context,omitempty"`        // whose server reviewed the token; absent: without --review
	Type           string                `json:"type"`                     // ServiceAccountToken, JWT or BootstrapToken
	ID             string                `json:"id,omitempty"`             // of a bootstrap token
	Verified       bool                  `json:"verified"`                 // the server accepts it
	Status         string                `json:"status,omitempty"`         // in its time, expired or not yet valid; absent: a bootstrap token
	Issuer         string                `json:"issuer,omitempty"`         // claim iss
	Subject        string                `json:"subject,omitempty"`        // claim sub
	Namespace      string                `json:"namespace,omitempty"`      // of the ServiceAccount
	ServiceAccount string                `json:"serviceAccount,omitempty"` // name of the ServiceAccount
	UID            string                `json:"uid,omitempty"`            // of the ServiceAccount
	Audiences      []string              `json:"audiences,omitempty"`      // claim aud
	IssuedAt       string                `json:"issuedAt,omitempty"`       // claim iat
	NotBefore      string                `json:"notBefore,omitempty"`      // claim nbf
	Expires        string                `json:"expires,omitempty"`        // claim exp
	TTLSeconds     *int64                `json:"ttlSeconds,omitempty"`     // until then, by this machine's clock; negative when over
	WarnAfter      string                `json:"warnAfter,omitempty"`      // when the server begins to warn of its use
	BoundObjects   []boundObject         `json:"boundObjects,omitempty"`   // objects whose deletion ends the token
	CredentialID   string                `json:"credentialID,omitempty"`   // claim jti, as audit logs have it
	KeyID          string                `json:"keyID,omitempty"`          // of the signature
	Algorithm      string                `json:"algorithm,omitempty"`      // of the signature
	Review         *satoken.ReviewResult `json:"review,omitempty"`         // the server's answer; absent: without --review
}

type boundObject struct {
	Kind string `json:"kind"`          // of the object
	Name string `json:"name"`          // of the object
	UID  string `json:"uid,omitempty"` // of the object
}

// newInspectionItem returns what is known about a token.
func newInspectionItem(one action.Inspection) inspectionItem {
	item := inspectionItem{Type: "BootstrapToken", ID: one.Bootstrap.ID}
	if one.Bootstrap.IsZero() {
		item = claimsItem(one.Claims, one.Now)
	}
	if one.Review != nil {
		item.Context, item.Verified, item.Review = one.Target.Context, one.Review.Accepted, one.Review
	}
	return item
}

// claimsItem returns what a JWT says, at a time.
func claimsItem(c satoken.Claims, now time.Time) inspectionItem {
	item := inspectionItem{
		Type:           "JWT",
		Status:         validity(c, now),
		Issuer:         c.Issuer,
		Subject:        c.Subject,
		Namespace:      c.Account.Namespace,
		ServiceAccount: c.Account.Name,
		UID:            c.UID,
		Audiences:      c.Audiences,
		IssuedAt:       timestamp(c.IssuedAt),
		NotBefore:      timestamp(c.NotBefore),
		Expires:        timestamp(c.Expires),
		TTLSeconds:     secondsUntil(c.Expires, now),
		WarnAfter:      timestamp(c.WarnAfter),
		KeyID:          c.KeyID,
		Algorithm:      c.Algorithm,
	}
	if c.Account != (satoken.Account{}) {
		item.Type = "ServiceAccountToken"
	}
	if c.ID != "" {
		item.CredentialID = "JTI=" + c.ID
	}
	for _, o := range c.Bound {
		item.BoundObjects = append(item.BoundObjects, boundObject{string(o.Kind), o.Name, o.UID})
	}
	return item
}

// validity compares a time with those that a token claims.
func validity(c satoken.Claims, now time.Time) string {
	switch {
	case !c.Expires.IsZero() && !now.Before(c.Expires):
		return "expired"
	case now.Before(c.NotBefore):
		return "not yet valid"
	}
	return "in its time"
}

// A fact is one line of an inspection for people.
type fact struct{ name, value string }

// printInspections prints a line for each fact, or the document.
func printInspections(env *Env, format *output.Format, found output.List[inspectionItem]) error {
	if format.Structured() || format.IsName() {
		return output.Print(env.Out, format, found, output.View[inspectionItem]{
			Name: func(i inspectionItem) string { return cmp.Or(i.Subject, i.ID) },
		})
	}
	var facts output.List[fact]
	for _, item := range found.Items {
		facts.Items = append(facts.Items, item.facts()...)
	}
	return output.Print(env.Out, format, facts, output.View[fact]{
		Columns: []output.Column[fact]{
			{Title: "Claim", Cell: func(f fact) string { return f.name }},
			{Title: "Value", Cell: func(f fact) string { return f.value }},
		},
	})
}

// facts returns what is known about the token.
func (i inspectionItem) facts() []fact {
	facts := []fact{
		{"type", i.Type},
		{"id", i.ID},
		{"status", i.statusCell()},
		{"issuer", i.Issuer},
		{"subject", i.Subject},
		{"serviceaccount uid", i.UID},
		{"audiences", strings.Join(i.Audiences, ",")},
		{"issued at", i.IssuedAt},
		{"not before", i.NotBefore},
		{"expires", i.Expires},
		{"warn after", i.WarnAfter},
	}
	for _, o := range i.BoundObjects {
		facts = append(facts, fact{"bound to " + strings.ToLower(o.Kind), strings.TrimSpace(o.Name + " " + o.UID)})
	}
	facts = append(facts, fact{"credential id", i.CredentialID}, fact{"key id", i.KeyID}, fact{"signature", i.signatureCell()})
	if r := i.Review; r != nil {
		facts = append(facts, fact{"context", i.Context}, fact{"user", r.User}, fact{"groups", strings.Join(r.Groups, ",")},
			fact{"accepted for", strings.Join(r.Audiences, ",")}, fact{"reviewed by", r.API})
	}
	var known []fact
	for _, f := range facts {
		if f.value != "" {
			known = append(known, f)
		}
	}
	return known
}

func (i inspectionItem) statusCell() string {
	switch {
	case i.TTLSeconds == nil:
		return i.Status
	case *i.TTLSeconds <= 0:
		return i.Status + ", for " + failure.Duration(-time.Duration(*i.TTLSeconds)*time.Second)
	}
	return i.Status + ", " + failure.Duration(time.Duration(*i.TTLSeconds)*time.Second) + " left"
}

func (i inspectionItem) signatureCell() string {
	switch {
	case i.Verified:
		return "verified by the server"
	case i.Review != nil:
		return "not accepted by the server"
	case i.Type == "BootstrapToken":
		return "" // it has none
	}
	return i.Algorithm + ", not verified: only the server can (--review)"
}
