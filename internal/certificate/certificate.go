// SPDX-License-Identifier: Apache-2.0

// Package certificate says what is wrong with an X.509 certificate, and whether this machine's clock explains it.
package certificate

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Name names a certificate by its subject, for a message.
func Name(c *x509.Certificate) string {
	if subject := c.Subject.String(); subject != "" {
		return subject
	}
	return "without a subject"
}

// Dates says that a certificate is not valid at a time, such as "expired at 2026-01-01T00:00:00Z". It returns "" for a
// certificate that is valid.
func Dates(c *x509.Certificate, at time.Time) string {
	switch {
	case at.After(c.NotAfter):
		return "expired at " + timestamp(c.NotAfter)
	case at.Before(c.NotBefore):
		return "is not valid before " + timestamp(c.NotBefore)
	}
	return ""
}

// Span names the dates of a certificate, for a message.
func Span(c *x509.Certificate) string {
	return fmt.Sprintf("valid from %s until %s", timestamp(c.NotBefore), timestamp(c.NotAfter))
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// IsCA reports whether a certificate may sign other certificates, by the rules of crypto/x509
// ((*Certificate).CheckSignatureFrom). Certificates of X.509 version 1 have no extensions and may.
func IsCA(c *x509.Certificate) bool {
	const version3 = 3
	return !(c.Version == version3 && !c.BasicConstraintsValid || c.BasicConstraintsValid && !c.IsCA) &&
		(c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCertSign != 0)
}
