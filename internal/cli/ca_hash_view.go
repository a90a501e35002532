// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
)

// A certificateItem is a CA certificate in a document.
type certificateItem struct {
	Context    string `json:"context,omitempty"`
	CACertHash string `json:"caCertHash"`
	Subject    string `json:"subject"`
	CA         bool   `json:"ca"`         // false: it may sign nothing, and is no CA
	Expires    string `json:"expires"`    // RFC 3339, UTC
	TTLSeconds int64  `json:"ttlSeconds"` // by this machine's clock; negative when over
}

func certificateItems(context string, certs []*x509.Certificate, now time.Time) []certificateItem {
	var items []certificateItem
	for _, c := range certs {
		items = append(items, certificateItem{
			Context:    context,
			CACertHash: string(join.PinOf(c)),
			Subject:    c.Subject.String(),
			CA:         c.IsCA,
			Expires:    c.NotAfter.UTC().Format(time.RFC3339),
			TTLSeconds: int64(c.NotAfter.Sub(now) / time.Second),
		})
	}
	return items
}

// printCertificates prints what was found, and warns of what is past its time.
func printCertificates(conn *connection, format *output.Format, found []certificateItem, missed *shortfall) error {
	for _, item := range found {
		if item.TTLSeconds <= 0 {
			conn.env.warn("the certificate of %s expired at %s: nothing that it signed is accepted any longer", item.Subject, item.Expires)
		}
	}
	list := output.List[certificateItem]{Kind: "CertificateList", Items: found, Failures: missed.document()}
	view := located(conn, certificateView(), func(i certificateItem) (context, name string) { return i.Context, i.CACertHash })
	return errors.Join(output.Print(conn.env.Out, format, list, view), missed.orNil())
}

// certificateView is how CA certificates look; their name is the pin.
func certificateView() output.View[certificateItem] {
	return output.View[certificateItem]{
		Name: func(i certificateItem) string { return i.CACertHash },
		Columns: []output.Column[certificateItem]{
			{Title: "CA Cert Hash", Cell: func(i certificateItem) string { return i.CACertHash }},
			{Title: "Subject", Cell: func(i certificateItem) string { return i.Subject }},
			{Title: "Expires", Cell: func(i certificateItem) string { return i.Expires }},
			{Title: "TTL", Cell: func(i certificateItem) string {
				if i.TTLSeconds <= 0 {
					return "<expired>"
				}
				return brief(time.Duration(i.TTLSeconds) * time.Second)
			}},
			{Title: "CA", Wide: true, Cell: func(i certificateItem) string { return fmt.Sprint(i.CA) }},
		},
	}
}
