// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// requestCertificate sends a certificate request with a bootstrap token, as a kubelet does.
func (h *hub) requestCertificate(t *testing.T, bearer, node string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "system:node:" + node, Organization: []string{"system:nodes"}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken = bearer
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	created, err := client.CertificatesV1().CertificateSigningRequests().Create(t.Context(), &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "node-csr-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		_ = h.client.CertificatesV1().CertificateSigningRequests().Delete(ctx, created.Name, metav1.DeleteOptions{})
	})
}

func TestListShowsWhoUsedATokenAndWhoIsPending(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	used := program.Run(t, h.Kubeconfig, "token", "create", "--for", "watched1").OK(t)
	program.Run(t, h.Kubeconfig, "token", "create", "--for", "watched2").OK(t)
	h.requestCertificate(t, used, "n1")
	h.requestCertificate(t, used, "n1")
	doc := program.Run(t, h.Kubeconfig, "token", "list", "-o", "json", "--sort-by", ".for").Document(t)
	if len(doc.Items) != 2 {
		t.Fatalf("listed %v", doc.Items)
	}
	first, _ := doc.Items[0]["used"].(map[string]any)
	second, _ := doc.Items[1]["used"].(map[string]any)
	by, _ := first["by"].([]any)
	if first["count"] != 2.0 || first["last"] == nil || !slices.Equal(by, []any{"system:node:n1"}) || second["count"] != 0.0 {
		t.Errorf("used: %v, %v", first, second)
	}
	if out := program.Run(t, h.Kubeconfig, "token", "list", "-o", "wide").OK(t); !strings.Contains(out, "2, ") || !strings.Contains(out, "ago, system:node:n1") {
		t.Errorf("the wide list is\n%s", out)
	}
	pending := program.Run(t, h.Kubeconfig, "token", "list", "--pending", "--sort-by", ".for", "-o", `jsonpath={.items[*].for}`).OK(t)
	if pending != "watched1 watched2" {
		t.Errorf("pending: %q", pending)
	}
	// the clock comes from the answers; the third request is that for the signatures, which runs in parallel with the second
	for format, want := range map[string]int{"table": 3, "name": 2} {
		out := program.Run(t, h.Kubeconfig, "token", "list", "--active", "--fail-on", "expired", "-v=6", "-o", format)
		if n := strings.Count(out.Stderr, `verb="GET"`); n != want || strings.Count(out.Stderr, "/configmaps/cluster-info") != want-2 {
			t.Errorf("-o %s: %d requests:\n%s", format, n, out.Stderr)
		}
	}
}

// Prometheus' own parser reads what node_exporter's textfile collector reads.
func TestPrometheusReadsTheMetrics(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	h.createTokenSecret(t, "bootstrap-token-finite", tokenData("finite", time.Hour))
	program.Run(t, h.Kubeconfig, "token", "create", "never0.0123456789abcdef", "--ttl", "0").OK(t)
	for command, want := range map[string]map[string]int{
		"token list": {"joinctl_up": 1, "joinctl_tokens": 5, "joinctl_token_expiry_timestamp_seconds": 2},
		"doctor":     {"joinctl_up": 1, "joinctl_doctor_findings": -1},
	} {
		out := program.Run(t, h.Kubeconfig, append(strings.Fields(command), "-o", "prometheus")...)
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader([]byte(out.Stdout)))
		if err != nil {
			t.Fatalf("%s: %v\n%s%s", command, err, out.Stdout, out.Stderr)
		}
		for name, n := range want {
			family := families[name]
			if family == nil || family.GetHelp() == "" || n >= 0 && len(family.GetMetric()) != n || len(family.GetMetric()) == 0 {
				t.Errorf("%s: %s is %v", command, name, family)
			}
		}
		if len(families) != len(want) {
			t.Errorf("%s has %d families", command, len(families))
		}
		infinite := 0
		for _, metric := range families["joinctl_token_expiry_timestamp_seconds"].GetMetric() {
			if math.IsInf(metric.GetGauge().GetValue(), 1) {
				infinite++
			}
		}
		if command == "token list" && infinite != 1 {
			t.Errorf("%d tokens never expire:\n%s", infinite, out.Stdout)
		}
	}
}
