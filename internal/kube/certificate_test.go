// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/failure"
)

// lifetime is when a certificate is valid, from now.
type lifetime struct{ from, until time.Duration }

// serveValid returns a server with a certificate and a CA of such lifetimes, and a configuration that trusts the CA. The
// server's clock is ahead; nil: its answers have no Date.
func serveValid(t *testing.T, ca, leaf lifetime, usage x509.ExtKeyUsage, ahead *time.Duration) (*rest.Config, *[]http.Header) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := func(name string, valid lifetime) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(valid.from), NotAfter: time.Now().Add(valid.until),
		}
	}
	authority, served := template("kubernetes", ca), template("kube-apiserver", leaf)
	authority.IsCA, authority.BasicConstraintsValid = true, true
	served.IPAddresses, served.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{usage}
	var signed [2][]byte
	for i, one := range []*x509.Certificate{authority, served} {
		if signed[i], err = x509.CreateCertificate(rand.Reader, one, authority, key.Public(), key); err != nil {
			t.Fatal(err)
		}
	}
	var seen []http.Header
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		w.Header()["Date"] = nil
		if ahead != nil {
			w.Header().Set("Date", time.Now().Add(*ahead).UTC().Format(http.TimeFormat))
		}
		version(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: signed[1:], PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed[0]})
	return &rest.Config{Host: server.URL, BearerToken: "hidden", TLSClientConfig: rest.TLSClientConfig{CAData: trusted}}, &seen
}

func TestACertificateThatIsNotValidIsNamed(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	valid, expired, future := lifetime{-day, day}, lifetime{-3 * day, -day}, lifetime{day, 3 * day}
	zero, back, forward := time.Duration(0), -2*day, 2*day
	for name, test := range map[string]struct {
		ca, leaf   lifetime
		usage      x509.ExtKeyUsage
		ahead      *time.Duration
		says, hint string
	}{
		"serving, expired":       {valid, expired, x509.ExtKeyUsageServerAuth, &zero, "the serving certificate (CN=kube-apiserver) expired at 20", certificate.ServingFix},
		"serving, not yet valid": {valid, future, x509.ExtKeyUsageServerAuth, &zero, "the serving certificate (CN=kube-apiserver) is not valid before 20", "wait until then"},
		"serving, wrong usage":   {valid, valid, x509.ExtKeyUsageClientAuth, &zero, "the serving certificate (CN=kube-apiserver) is not for a server", "issue the API server"},
		"CA, expired":            {expired, valid, x509.ExtKeyUsageServerAuth, &zero, "the certificate authority (CN=kubernetes) expired at 20", "of the kubeconfig"},
		"CA, not yet valid":      {future, valid, x509.ExtKeyUsageServerAuth, &zero, "the certificate authority (CN=kubernetes) is not valid before 20", "of the kubeconfig"},
		"a clock ahead":          {valid, expired, x509.ExtKeyUsageServerAuth, &back, "by this machine's clock: this machine's clock is 2d ahead of the server's", certificate.ClockFix},
		"a clock behind":         {future, valid, x509.ExtKeyUsageServerAuth, &forward, "by this machine's clock: this machine's clock is 2d behind the server's", certificate.ClockFix},
		"an unrelated skew":      {valid, expired, x509.ExtKeyUsageServerAuth, &forward, "expired at 20", certificate.ServingFix},
		"no Date":                {valid, expired, x509.ExtKeyUsageServerAuth, nil, "expired at 20", "could not be compared with the server's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, seen := serveValid(t, test.ca, test.leaf, test.usage, test.ahead)
			c, err := New(config, "joinctl/test", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Version(t.Context())
			var invalid *certificate.Error
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), test.says) || !strings.Contains(invalid.Hint("of the kubeconfig"), test.hint) {
				t.Fatalf("got %v, %+v", err, invalid)
			}
			if strings.Contains(test.says, "by this machine") != invalid.ClockExplains() {
				t.Errorf("the clock explains it: %v", invalid.ClockExplains())
			}
			if failure.ReasonOf(err) != failure.Unreachable || !failure.IsNotSent(err) || !failure.IsUntrusted(err) {
				t.Errorf("got %s, not sent %v, untrusted %v", failure.ReasonOf(err), failure.IsNotSent(err), failure.IsUntrusted(err))
			}
			for _, header := range *seen {
				if header.Get("Authorization") != "" {
					t.Error("a credential was sent over a connection that is not verified")
				}
			}
		})
	}
}
