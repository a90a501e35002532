// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
)

// An inspection is what a token says, in a document. Fields that say nothing are left out.
type inspection struct {
	Context        string           `json:"context,omitempty"` // of the server that reviewed it
	Type           string           `json:"type"`
	ID             string           `json:"id,omitempty"` // of a bootstrap token
	Verified       bool             `json:"verified"`     // a server accepts it
	Status         string           `json:"status,omitempty"`
	Issuer         string           `json:"issuer,omitempty"`
	Subject        string           `json:"subject,omitempty"`
	Namespace      string           `json:"namespace,omitempty"`
	ServiceAccount string           `json:"serviceAccount,omitempty"`
	UID            string           `json:"uid,omitempty"` // of the ServiceAccount
	Audiences      []string         `json:"audiences,omitempty"`
	IssuedAt       string           `json:"issuedAt,omitempty"` // this and the others: RFC 3339, UTC
	NotBefore      string           `json:"notBefore,omitempty"`
	Expires        string           `json:"expires,omitempty"`
	TTLSeconds     *int64           `json:"ttlSeconds,omitempty"`
	WarnAfter      string           `json:"warnAfter,omitempty"`
	BoundObjects   []boundObject    `json:"boundObjects,omitempty"`
	CredentialID   string           `json:"credentialID,omitempty"` // as the audit log has it
	KeyID          string           `json:"keyID,omitempty"`
	Algorithm      string           `json:"algorithm,omitempty"`
	Review         *satoken.Verdict `json:"review,omitempty"`
}

type boundObject struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
}

// problem is there where the server does not accept the token.
func (i inspection) problem() error {
	if i.Review.Accepted {
		return nil
	}
	return &problem{
		text: fmt.Sprintf("the server of %s does not accept the token: %s", described(fleet.Target{Context: i.Context}), first(i.Review.Reason, "it gives no reason")),
		hint: "it is expired, revoked, of another control plane, or for other audiences",
	}
}

// inspect describes a token at a time.
func inspect(b bearer, now time.Time) inspection {
	if !b.bootstrap.IsZero() {
		return inspection{Type: "BootstrapToken", ID: b.bootstrap.ID}
	}
	c := b.claims
	out := inspection{
		Type:           "JWT",
		Status:         timely(c, now),
		Issuer:         c.Issuer,
		Subject:        c.Subject,
		Namespace:      c.Account.Namespace,
		ServiceAccount: c.Account.Name,
		UID:            c.UID,
		Audiences:      c.Audiences,
		IssuedAt:       stamp(c.IssuedAt),
		NotBefore:      stamp(c.NotBefore),
		Expires:        stamp(c.Expires),
		WarnAfter:      stamp(c.WarnAfter),
		KeyID:          c.KeyID,
		Algorithm:      c.Algorithm,
	}
	if c.Account != (satoken.Account{}) {
		out.Type = "ServiceAccountToken"
	}
	if c.ID != "" {
		out.CredentialID = "JTI=" + c.ID
	}
	if !c.Expires.IsZero() {
		left := int64(c.Expires.Sub(now) / time.Second)
		out.TTLSeconds = &left
	}
	for _, o := range c.Bound {
		out.BoundObjects = append(out.BoundObjects, boundObject{string(o.Kind), o.Name, o.UID})
	}
	return out
}

// stamp returns a time as documents have it, "" where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// A fact is one line of an inspection for people.
type fact struct{ name, value string }

// printInspections prints a line for each fact, or the document.
func printInspections(env *Env, format *output.Format, found output.List[inspection]) error {
	if format.Structured() || format.IsName() {
		return output.Print(env.Out, format, found, output.View[inspection]{
			Name: func(i inspection) string { return first(i.Subject, i.ID) },
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

// facts lists what there is to say.
func (i inspection) facts() []fact {
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
			fact{"accepted for", strings.Join(r.Audiences, ",")}, fact{"reviewed by", r.By})
	}
	var told []fact
	for _, f := range facts {
		if f.value != "" {
			told = append(told, f)
		}
	}
	return told
}

func (i inspection) statusCell() string {
	switch {
	case i.TTLSeconds == nil:
		return i.Status
	case *i.TTLSeconds <= 0:
		return i.Status + ", for " + brief(-time.Duration(*i.TTLSeconds)*time.Second)
	}
	return i.Status + ", " + brief(time.Duration(*i.TTLSeconds)*time.Second) + " left"
}

func (i inspection) signatureCell() string {
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
