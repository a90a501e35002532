// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

const day = 24 * time.Hour

// reissue returns another certificate (PEM) of the authority: the same name and key, valid from now plus from until now plus
// until.
func (a *authority) reissue(t testing.TB, from, until time.Duration) []byte {
	t.Helper()
	template := *a.cert
	template.NotBefore, template.NotAfter = time.Now().Add(from), time.Now().Add(until)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// serveCertificate makes a plane serve another certificate for 127.0.0.1.
func (p *plane) serveCertificate(from, until time.Duration, usages ...x509.ExtKeyUsage) {
	p.t.Helper()
	template := &x509.Certificate{
		SerialNumber: p.ca.cert.SerialNumber, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: usages,
	}
	key := newKey(p.t)
	der, err := x509.CreateCertificate(rand.Reader, template, p.ca.cert, key.Public(), p.ca.key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.server.TLS.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
}

// publish puts a CA into cluster-info.
func (p *plane) publish(ca []byte) { p.data["kubeconfig"] = kubeconfig(p.t, p.server.URL, ca) }

// clock sets the clock of a plane ahead; without a clock its answers have no Date.
func (p *plane) clock(ahead *time.Duration) {
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if ahead != nil {
			w.Header().Set("Date", time.Now().Add(*ahead).UTC().Format(http.TimeFormat))
		}
		p.serve(w, r)
	})
}

func TestReplayNamesTheCertificateThatIsNotValid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mutate    func(*plane)
		step      string
		says, fix string
	}{
		"the CA in cluster-info expired": {
			func(p *plane) { p.publish(p.ca.reissue(t, -2*day, -day)) },
			stepVerifiedRead, "the certificate authority (CN=kubernetes) expired at 20", "joinctl setup --force",
		},
		"the CA in cluster-info is not valid yet": {
			func(p *plane) { p.publish(p.ca.reissue(t, day, 2*day)) },
			stepVerifiedRead, "the certificate authority (CN=kubernetes) is not valid before 20", "joinctl setup --force",
		},
		"the CA in cluster-info, by this machine's clock": {func(p *plane) {
			p.publish(p.ca.reissue(t, -2*day, -day))
			p.clock(new(-36 * time.Hour))
		}, stepVerifiedRead, "but only by this machine's clock: this machine's clock is 36h ahead of the server's", "set this machine's clock"},
		"the serving certificate expired": {
			func(p *plane) { p.serveCertificate(-2*day, -day) },
			stepTLS, "expired at 20", "renew the API server's serving certificate",
		},
		"the serving certificate, by a clock that is ahead": {func(p *plane) {
			p.serveCertificate(-400*day, -day)
			p.clock(new(-2 * day))
		}, stepTLS, "but only by this machine's clock: this machine's clock is 2d ahead of the server's", "set this machine's clock"},
		"the serving certificate, by a clock that is behind": {func(p *plane) {
			p.serveCertificate(day, 400*day)
			p.clock(new(2 * day))
		}, stepTLS, "but only by this machine's clock: this machine's clock is 2d behind the server's", "set this machine's clock"},
		"a skew that does not explain it": {func(p *plane) {
			p.serveCertificate(-400*day, -2*day)
			p.clock(new(-day))
		}, stepTLS, "expired at 20", "renew the API server's serving certificate"},
		"the serving certificate is not valid yet": {func(p *plane) { p.serveCertificate(day, 2*day) }, stepTLS, "is not valid before 20", "wait until then"},
		"an unknown server's time": {func(p *plane) {
			p.serveCertificate(day, 2*day)
			p.clock(nil)
		}, stepTLS, "is not valid before 20", "set this machine's clock, or wait"},
		"the serving certificate is for clients": {
			func(p *plane) { p.serveCertificate(-day, day, x509.ExtKeyUsageClientAuth) },
			stepVerifiedRead, "is not for a server: its extended key usage lacks serverAuth", "issue the API server a serving certificate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			test.mutate(p)
			got := replayed(t, welcome(t, p))[test.step]
			if got.Status != Failed || !strings.Contains(got.Cause, test.says) || !strings.Contains(got.Fix, test.fix) {
				t.Errorf("got %+v", got)
			}
			for _, request := range p.seen {
				if request.authorization != "" {
					t.Errorf("the token was sent: %+v", request)
				}
			}
		})
	}
}

func TestTheClockStepSaysWhichClockIsBehind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server *time.Duration
		status Status
		says   string
	}{
		"equal":         {new(time.Duration(0)), OK, "within 30s"},
		"server ahead":  {new(time.Hour), Warning, "behind the server's"},
		"server behind": {new(-time.Hour), Warning, "ahead of the server's"},
		"no Date":       {nil, Skipped, "no answer had the server's time"},
	} {
		p := build(t, "127.0.0.1")
		p.clock(test.server)
		if got := replayed(t, welcome(t, p))[stepClock]; got.Status != test.status || !strings.Contains(got.Cause, test.says) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAMemberWithABundleJoinsWhileOneCAIsValid(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	p.publish(append(p.ca.reissue(t, -2*day, -day), p.ca.pem...))
	for name, step := range replayed(t, welcome(t, p)) {
		if step.Status != OK && name != stepTimeLeft {
			t.Errorf("%+v", step)
		}
	}
}

func TestVerifyNamesTheCAThatIsNotValid(t *testing.T) {
	t.Parallel()
	for says, span := range map[string][2]time.Duration{
		"the certificate authority (CN=kubernetes) expired at 20":          {-2 * day, -day},
		"the certificate authority (CN=kubernetes) is not valid before 20": {day, 2 * day},
	} {
		p := build(t, "127.0.0.1")
		p.publish(p.ca.reissue(t, span[0], span[1]))
		_, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
		refused(t, err, failure.Unreachable, says, AuthorityFix)

		p = build(t, "127.0.0.1")
		p.config.CAData = p.ca.reissue(t, span[0], span[1])
		_, err = Read(t.Context(), p.admin(), join.Karmada)
		refused(t, err, failure.Unreachable, says, "renew the certificate authority in the kubeconfig")
	}
}
