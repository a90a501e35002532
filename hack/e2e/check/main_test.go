// SPDX-License-Identifier: Apache-2.0

// Package check_test runs joinctl check against real control planes with one fault at a time, and compares it with kubeadm's
// own discovery.
package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/internal/story"
)

// sharedHub is a joinable Karmada control plane without signer and cleaner. The tests sign cluster-info themselves, so that
// no controller changes objects.
var sharedHub *hub

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		cp, client, err := start("--joinable", "--karmada", "--signer=false", "--cleaner=false")
		if err != nil {
			return 1, err
		}
		sharedHub = &hub{cp, client}
		return m.Run(), nil
	})
}

// start starts a control plane for one test.
func start(t *testing.T, args ...string) *hub {
	t.Helper()
	h, err := newHub(controlplane.Start(t, program.Binary("controlplane"), args...))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A result is the output, the exit code, the duration and the parsed steps of a check.
type result struct {
	stdout, stderr string
	code           int
	took           time.Duration
	steps          []step
}

type step struct{ Name, Status, Cause, Remedy string }

// check runs joinctl check -o json for a join, without a kubeconfig.
func check(t *testing.T, j join, env []string, args ...string) result {
	t.Helper()
	out := run(t, "", env, append(append([]string{"check", "-o", "json"}, j.args()...), args...)...)
	var doc struct{ Items []step }
	if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
		t.Fatalf("exit code %d, %v\n%s%s", out.code, err, out.stdout, out.stderr)
	}
	out.steps = doc.Items
	if _, secret, ok := strings.Cut(j.token, "."); ok {
		if form := story.Leak(out.stdout+out.stderr, secret); form != "" {
			t.Errorf("the token leaked as %s:\n%s\n%s", form, out.stdout, out.stderr)
		}
	}
	return out
}

// run runs joinctl. It inherits nothing from the environment.
func run(t *testing.T, stdin string, env []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Binary("joinctl"), args...)
	cmd.Env = append([]string{"HOME=" + t.TempDir()}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode(), took: time.Since(begin)}
}

// failed returns the steps that failed.
func (o result) failed() (failed []step) {
	for _, s := range o.steps {
		if s.Status == "failed" {
			failed = append(failed, s)
		}
	}
	return failed
}
