// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// runIssuingProbe is runProbe, and checks that no certificate request remains.
func (h *hub) runIssuingProbe(t *testing.T, code int, args ...string) map[string]string {
	t.Helper()
	found := h.runProbe(t, code, args...)
	left, err := h.client.CertificatesV1().CertificateSigningRequests().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(left.Items) > 0 {
		t.Errorf("%d certificate requests remain", len(left.Items))
	}
	return found
}

func TestProbeIsApprovedAndSigned(t *testing.T) {
	t.Parallel()
	found := startJoinable(t, "--agent-approver").runIssuingProbe(t, 0)
	if !strings.HasSuffix(found["csr-approver"], "was approved") || !strings.HasSuffix(found["csr-signer"], "was signed") {
		t.Errorf("found %v", found)
	}
}

func TestProbeFindsStoppedApprover(t *testing.T) {
	t.Parallel()
	found := startJoinable(t).runIssuingProbe(t, 4)
	if !strings.HasPrefix(found["csr-approver"], "error: ") || !strings.HasPrefix(found["csr-signer"], "info: unknown") {
		t.Errorf("found %v", found)
	}
}

func TestProbeFindsStoppedCSRSigner(t *testing.T) {
	t.Parallel()
	found := startJoinable(t, "--agent-approver", "--csr-signers=false").runIssuingProbe(t, 4)
	if !strings.HasPrefix(found["csr-approver"], "info: ") || !strings.HasPrefix(found["csr-signer"], "error: ") {
		t.Errorf("found %v", found)
	}
}

// TestApproverAndCSRSignerAreJudgedByTheRequestsTheyLeave needs no probe: a joiner has left its request behind.
func TestApproverAndCSRSignerAreJudgedByTheRequestsTheyLeave(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args  []string
		check string
	}{
		"approver": {nil, "csr-approver"},
		"signer":   {[]string{"--agent-approver", "--csr-signers=false"}, "csr-signer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startJoinable(t, test.args...)
			time.Sleep(2 * time.Second) // the request has to be newer than the right to get it approved
			joiner := h.clientAs(t, rest.TLSClientConfig{}, h.joinctl(t, "token", "create").OK(t))
			requests := joiner.CertificatesV1().CertificateSigningRequests()
			if _, err := requests.Create(t.Context(), generatorRequest(t), metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			h.joinctl(t, "doctor").OK(t)
			time.Sleep(12 * time.Second)
			h.joinctl(t, "doctor", "-o", "json").Expect(t, 4)
			found := h.joinctl(t, "doctor", "-o", `jsonpath={range .items[?(@.severity=="error")]}{.check}: {.evidence}{"\n"}{end}`)
			if !strings.HasPrefix(found.Stdout, test.check+": 1 certificate request of joiners") || !strings.Contains(found.Stdout, "agent-rbac-generator-member1") {
				t.Errorf("found %q", found.Stdout)
			}
		})
	}
}

// generatorRequest returns the certificate request of karmadactl register.
func generatorRequest(t *testing.T) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "system:karmada:agent:rbac-generator", Organization: []string{"system:karmada:agents"}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "agent-rbac-generator-member1"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}),
			SignerName: certificatesv1.KubeAPIServerClientSignerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageKeyEncipherment, certificatesv1.UsageClientAuth},
		},
	}
}
