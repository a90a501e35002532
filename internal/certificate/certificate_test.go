// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestIsCAIsTheRuleOfTheVerifier(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		certificate x509.Certificate
		want        bool
	}{
		"CA":                   {x509.Certificate{Version: 3, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, true},
		"CA without usages":    {x509.Certificate{Version: 3, BasicConstraintsValid: true, IsCA: true}, true},
		"version 1":            {x509.Certificate{Version: 1}, true},
		"serving certificate":  {x509.Certificate{Version: 3, BasicConstraintsValid: true}, false},
		"no basic constraints": {x509.Certificate{Version: 3}, false},
		"may not sign":         {x509.Certificate{Version: 3, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature}, false},
	} {
		if got := IsCA(&test.certificate); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestOnlyAnInvalidCertificateIsAnError(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for _, err := range []error{nil, errors.New("x"), x509.UnknownAuthorityError{}, x509.HostnameError{Certificate: &x509.Certificate{}}, x509.CertificateInvalidError{}} {
		if got := ErrorOf(err, now); got != nil {
			t.Errorf("%v became %v", err, got)
		}
	}
	wrapped := fmt.Errorf("get: %w", x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.TooManyIntermediates})
	got := ErrorOf(wrapped, now)
	if got == nil || !errors.Is(got, wrapped) || !strings.HasPrefix(got.Error(), "the certificate authority (without a subject) is not valid: x509: too many intermediates") {
		t.Errorf("got %v", got)
	}
}
