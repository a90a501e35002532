// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// countTokens returns the number of bootstrap tokens.
func (h *hub) countTokens(t *testing.T) int {
	t.Helper()
	list, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{FieldSelector: "type=bootstrap.kubernetes.io/token"})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

// runProbe runs doctor --probe and returns the severity and evidence of each finding by check.
func (h *hub) runProbe(t *testing.T, code int, args ...string) map[string]string {
	t.Helper()
	out := h.joinctl(t, append([]string{"doctor", "--probe", "-o", "json"}, args...)...)
	out.Expect(t, code)
	found := map[string]string{}
	for _, item := range out.Document(t).Items {
		found[item["check"].(string)] = item["severity"].(string) + ": " + item["evidence"].(string)
	}
	if n := h.countTokens(t); n != 0 {
		t.Errorf("%d tokens remain", n)
	}
	if out.Elapsed > 20*time.Second {
		t.Errorf("the probe took %s", out.Elapsed)
	}
	return found
}

func TestProbeReportsThatTokensAreAccepted(t *testing.T) {
	t.Parallel()
	h := startJoinable(t, "--agent-approver")
	for _, args := range [][]string{nil, {"--endpoint", h.endpoint}} {
		found := h.runProbe(t, 0, args...)
		if !strings.HasPrefix(found["bootstrap-auth"], "info: kube-apiserver accepts bootstrap tokens") || found["probe"] == "" {
			t.Errorf("found %v", found)
		}
	}
}

func TestProbeFindsDisabledBootstrapAuthentication(t *testing.T) {
	t.Parallel()
	found := startJoinable(t, "--bootstrap-auth=false").runProbe(t, 4)
	if !strings.HasPrefix(found["probe-authentication"], "error: ") || strings.Contains(found["bootstrap-auth"], "accepts") {
		t.Errorf("found %v", found)
	}
}

func TestProbeFindsDisabledSigner(t *testing.T) {
	t.Parallel()
	found := startJoinable(t, "--signer=false").runProbe(t, 4)
	if !strings.HasPrefix(found["probe-signature"], "error: ") || !strings.Contains(found["bootstrap-auth"], "accepts") {
		t.Errorf("found %v", found)
	}
}

func TestProbeIsSkippedWithoutClusterInfoOrTheRightToCreateTokens(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	if found := h.runProbe(t, 4); !strings.HasPrefix(found["bootstrap-auth"], "info: unknown") {
		t.Errorf("found %v", found)
	}
	h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint).OK(t)
	h.grantUser(t, "viewer", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get"), rule(rbacv1.GroupName, "*", "get", "list"))
	if found := h.runProbe(t, 4, "--as", "viewer"); !strings.HasPrefix(found["probe"], "warning: ") {
		t.Errorf("found %v", found)
	}
}

func TestInterruptedProbeLeavesNoToken(t *testing.T) {
	t.Parallel()
	h := startJoinable(t, "--signer=false") // the probe waits for a signature
	interrupted := 0
	for i := range 20 {
		cmd := program.Command(t, h.Kubeconfig, "doctor", "--probe")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		_ = cmd.Process.Signal([]os.Signal{os.Interrupt, syscall.SIGTERM}[i%2])
		_ = cmd.Wait()
		if cmd.ProcessState.ExitCode() == 130 {
			interrupted++
		}
	}
	if n := h.countTokens(t); n != 0 {
		t.Errorf("%d tokens remain", n)
	}
	if interrupted < 10 {
		t.Errorf("%d of 20 runs were interrupted: choose other delays", interrupted)
	}
}
