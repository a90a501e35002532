// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestCAHashWarnsOfCertificatesThatNoJoinerCanUse(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		from, until time.Duration
		ca          bool
		warns       []string
	}{
		"valid":         {-day, day, true, nil},
		"expired":       {-2 * day, -day, true, []string{"the certificate of CN=one expired at 20"}},
		"not yet valid": {day, 2 * day, true, []string{"the certificate of CN=one is not valid before 20"}},
		"no CA":         {-day, day, false, []string{"the certificate of CN=one is no CA"}},
		"both":          {day, 2 * day, false, []string{"is not valid before 20", "is no CA"}},
	} {
		for _, format := range []string{"table", "name", "json"} {
			var stdout bytes.Buffer
			code, stderr := adminRun(t, &stdout, certificatePEM(t, test.from, test.until, test.ca), "ca-hash", "-", "-o", format)
			if code != 0 || !strings.Contains(stdout.String(), "sha256:") || strings.Count(stderr, "warning:") != len(test.warns) {
				t.Errorf("%s: exit code %d\n%s\n%s", name, code, stdout.String(), stderr)
			}
			for _, want := range test.warns {
				if !strings.Contains(stderr, want) {
					t.Errorf("%s: %s", name, stderr)
				}
			}
		}
	}
}

// certificatePEM returns a certificate that is valid from now plus from until now plus until.
func certificatePEM(t *testing.T, from, until time.Duration, ca bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "one"}, BasicConstraintsValid: true, IsCA: ca,
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
