// SPDX-License-Identifier: Apache-2.0

package uses_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// documentedPolicy writes the audit policy in docs/operations.md to a file.
func documentedPolicy(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, policy, found := strings.Cut(string(page), "```yaml\napiVersion: audit.k8s.io/v1\n")
	policy, _, closed := strings.Cut(policy, "```\n")
	if !found || !closed {
		t.Fatal("docs/operations.md has no audit policy")
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte("apiVersion: audit.k8s.io/v1\n"+policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheAuditLogOfARealServerTellsWhoUsedAToken(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "audit.log")
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--karmada", "--name", "hub", "--audit-policy", documentedPolicy(t), "--audit-log", log)
	used := program.Run(t, cp.Kubeconfig, "token", "create").OK(t)
	unused := program.Run(t, cp.Kubeconfig, "token", "create").OK(t)
	client := joiner(t, cp, used)
	request(t, client, metav1.ObjectMeta{Name: "agent-member1"})
	generated := request(t, client, metav1.ObjectMeta{GenerateName: "csr-"})
	if _, err := client.CoreV1().Secrets("kube-system").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("the token lists secrets: %v", err)
	}
	if _, err := client.Discovery().ServerVersion(); err != nil {
		t.Error(err)
	}
	if _, err := joiner(t, cp, unused[:7]+"0000000000000000").Discovery().ServerVersion(); !apierrors.IsUnauthorized(err) {
		t.Errorf("a wrong secret is accepted: %v", err)
	}
	if _, err := joiner(t, cp, "").CoreV1().ConfigMaps("kube-public").Get(t.Context(), "cluster-info", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}

	id, unusedID := used[:6], unused[:6]
	const fields = `jsonpath={range .items[*]}{.id} {.count} {.refused} {.from[0].value} {.certificateRequests[*].value} {.requests[*].value}{"\n"}{end}`
	found := program.Run(t, "/nonexistent", "token", "uses", "--audit-log", log, "-o", fields)
	names := []string{"agent-member1", generated}
	want := id + " 4 1 127.0.0.1 " + strings.Join(names, " ") + " create certificatesigningrequests get /version list secrets\n"
	if found.OK(t)+"\n" != want || found.Stderr != "" {
		t.Errorf("found %q, want %q: %s", found.Stdout, want, found.Stderr)
	}
	found = program.Run(t, "/nonexistent", "token", "uses", "--audit-log", log, unusedID)
	if found.Code != 0 || !strings.Contains(found.Stderr, `not used, by these logs: "`+unusedID+`"`) {
		t.Errorf("exits %d: %s", found.Code, found.Stderr)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), used[7:]) || strings.Count(string(content), "\n") != 4 {
		t.Errorf("the policy records:\n%s", content)
	}
}
