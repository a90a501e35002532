// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// preparedProbe returns a probe that waits a short time for its certificate.
func preparedProbe(t *testing.T, joiner join.Joiner) *PreparedProbe {
	t.Helper()
	tok, err := token.Parse("aaaaaa.0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	return &PreparedProbe{probe: Probe{
		Joiner: joiner, Token: tok, Member: discovery.Member{Rand: rand.Reader}, Issuing: 300 * time.Millisecond,
	}}
}

func TestTheRequestOfAProbeIsShortAndForANameThatHasNoRights(t *testing.T) {
	t.Parallel()
	for _, joiner := range join.Joiners() {
		csr, err := preparedProbe(t, joiner).NewRequest()
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(csr.Spec.Request)
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		name := joiner.Description().Request.NamePrefix + "joinctl-probe"
		if *csr.Spec.ExpirationSeconds != 600 || csr.Name != "joinctl-probe-aaaaaa" || request.Subject.CommonName != name {
			t.Errorf("%s: %s for %d s, of %s", joiner, csr.Name, *csr.Spec.ExpirationSeconds, request.Subject)
		}
		csr.Spec.Groups = []string{joiner.Group()}
		if !isApprovable(csr, joiner.Description()) {
			t.Errorf("%s: its approver does not recognize the request", joiner)
		}
	}
}

func TestAProbeTellsWhichControllerDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		approves, signs  bool
		change           csrOption
		approver, signer string
	}{
		"both run":      {true, true, nil, "info: the probe's certificate request was approved", "info: the probe's certificate request was signed"},
		"no approver":   {false, false, nil, "error: the probe's certificate request was not approved within 300ms", "info: unknown"},
		"no signer":     {true, false, nil, "info: the probe's", "error: the probe's certificate request was approved, and not signed within 300ms"},
		"denied":        {false, false, withCondition(certificatesv1.CertificateDenied, "ByHand", 0), "info: unknown: somebody denied", "info: unknown: somebody denied"},
		"signer refuse": {true, false, withCondition(certificatesv1.CertificateFailed, "SignerValidationFailure", 0), "info: the probe's", "error: the signer refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada)
			server.Issue(test.approves, test.signs)
			c, probe := clientOf(t, server), preparedProbe(t, join.Karmada)
			csr, err := probe.NewRequest()
			if err == nil {
				err = c.Create(t.Context(), csr, false)
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.change != nil {
				test.change(csr)
				server.Put(csr)
			}
			findings := probe.WaitIssued(t.Context(), c, csr)
			want := map[string]string{checkApprover: test.approver, checkCSRSigner: test.signer}
			for _, f := range findings {
				if got := string(f.Severity) + ": " + f.Evidence; !strings.HasPrefix(got, want[f.Check]) {
					t.Errorf("%s: %q, want %q", f.Check, got, want[f.Check])
				}
				delete(want, f.Check)
			}
			if len(want) > 0 {
				t.Errorf("there are no findings for %v", want)
			}
		})
	}
}

func TestAProbeReplacesWhatAnExaminationSawOrCouldNotTell(t *testing.T) {
	t.Parallel()
	unknown := Finding{Check: checkApprover, Severity: Info, Evidence: "unknown"}
	broken := Finding{Check: checkApprover, Severity: Error}
	works := Finding{Check: checkApprover, Severity: Info, Evidence: "works"}
	undecided := unknownIssuance(checkApprover, "no right")
	other := Finding{Check: "other", Severity: Error}
	for name, test := range map[string]struct{ examined, probed, want []Finding }{
		"it could not tell":        {[]Finding{other, unknown}, []Finding{works}, []Finding{other, works}},
		"an earlier join failed":   {[]Finding{broken, other}, []Finding{works}, []Finding{other, works}},
		"the probe could not tell": {[]Finding{broken}, []Finding{undecided}, []Finding{broken, undecided}},
		"nobody could tell":        {[]Finding{unknown}, []Finding{undecided}, []Finding{undecided}},
	} {
		got := Supersede(test.examined, test.probed)
		if len(got) != len(test.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}
