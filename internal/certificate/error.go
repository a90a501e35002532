// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// An Error is the error of a connection that failed because a certificate is not valid: it has expired, is not valid yet, or
// may not be used for this. A certificate of another name or of an unknown authority is no Error.
type Error struct {
	Err         error // of the connection
	Certificate *x509.Certificate
	Serving     bool      // the certificate is the server's own; false: it is a certificate authority
	Sent        bool      // the server sent the certificate; false: it is one that the client trusts
	Now         time.Time // by this machine's clock
	Skew        time.Duration
	SkewKnown   bool // Skew says by how much this machine's clock is ahead of the server's

	reason x509.InvalidReason
}

// ErrorOf returns the Error of a connection at a time. It returns nil for another error.
func ErrorOf(err error, now time.Time) *Error {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	if !ok || invalid.Cert == nil {
		return nil
	}
	out := &Error{Err: err, Certificate: invalid.Cert, Now: now, reason: invalid.Reason}
	if verification, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		sent := verification.UnverifiedCertificates
		out.Sent = slices.ContainsFunc(sent, invalid.Cert.Equal)
		out.Serving = len(sent) > 0 && invalid.Cert.Equal(sent[0])
	}
	return out
}

// Unwrap returns the error of the connection.
func (e *Error) Unwrap() error { return e.Err }

// Error says which certificate is not valid, since when, and whether this machine's clock explains it.
func (e *Error) Error() string {
	text := fmt.Sprintf("the %s (%s) %s", e.noun(), Name(e.Certificate), e.fault())
	if e.ClockExplains() {
		text += ", but only by this machine's clock: " + failure.Skew(e.Skew)
	}
	return text
}

func (e *Error) noun() string {
	switch {
	case e.Serving:
		return "serving certificate"
	case e.Sent:
		return "certificate authority that the server sends"
	}
	return "certificate authority"
}

func (e *Error) fault() string {
	dates := Dates(e.Certificate, e.Now)
	switch {
	case e.reason == x509.Expired && dates != "":
		return dates
	case e.reason == x509.Expired:
		return "is not valid now: it is " + Span(e.Certificate)
	case e.reason == x509.IncompatibleUsage:
		return "is not for a server: its extended key usage lacks serverAuth"
	case e.reason == x509.NotAuthorizedToSign:
		return "is no certificate authority"
	}
	return fmt.Sprintf("is not valid: %v", x509.CertificateInvalidError{Cert: e.Certificate, Reason: e.reason})
}

// ClockExplains reports whether the certificate is valid by the server's clock.
func (e *Error) ClockExplains() bool {
	return e.reason == x509.Expired && ClockExplains(e.Certificate, e.Now, e.Skew)
}

// ClockExplains reports whether a certificate is invalid by this machine's clock, which shows now, but valid by the server's,
// which this machine's is ahead of by skew.
func ClockExplains(c *x509.Certificate, now time.Time, skew time.Duration) bool {
	return Dates(c, now) != "" && Dates(c, now.Add(-skew)) == ""
}

// ClockFix is the fix for a clock that explains an error.
const ClockFix = "set this machine's clock, by NTP for example; the certificate is valid by the server's"

// KubeconfigFix is the fix for a certificate authority in the kubeconfig that has expired or is not valid yet.
const KubeconfigFix = "renew the certificate authority in the kubeconfig (kubectl config set-cluster NAME --certificate-authority FILE --embed-certs)"

// ServingFix is the fix for a serving certificate that has expired.
const ServingFix = "renew the API server's serving certificate (kubeadm certs renew apiserver)"

// WaitFix is the fix for a serving certificate that is not valid yet.
const WaitFix = "wait until then, or issue the API server another serving certificate"

// Hint returns what to do. trusted is the hint for a certificate authority that the client trusts.
func (e *Error) Hint(trusted string) string {
	var hint string
	switch {
	case e.ClockExplains():
		return ClockFix
	case !e.Sent:
		hint = trusted
	case !e.Serving:
		hint = "the API server sends a chain with this certificate authority: renew it there"
	case e.reason == x509.Expired && e.Now.Before(e.Certificate.NotBefore):
		hint = WaitFix
	case e.reason == x509.Expired:
		hint = ServingFix
	default:
		hint = "issue the API server a serving certificate that is for servers (extended key usage serverAuth) and that is signed by the cluster's certificate authority"
	}
	if e.reason == x509.Expired && !e.SkewKnown {
		hint += fmt.Sprintf("; this machine's clock shows %s, which could not be compared with the server's", timestamp(e.Now))
	}
	return hint
}
