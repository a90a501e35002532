// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

// lostOutput is a stdout that nobody reads.
type lostOutput struct{}

func (lostOutput) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// adminRun runs a command with an answer on standard input, and returns its exit code and stderr. It sets up klog, which
// belongs to the process: tests that call it must not run in parallel.
func adminRun(t *testing.T, stdout io.Writer, answer string, args ...string) (code int, stderr string) {
	t.Helper()
	var out bytes.Buffer
	env := &Env{In: strings.NewReader(answer), InTTY: answer != "", Out: stdout, Err: &out, Now: time.Now, Rand: rand.Reader}
	code = Main(t.Context(), env, args)
	return code, out.String()
}

func TestALostStdoutIsAFailureEvenWithFindings(t *testing.T) {
	server := apitest.New(t, apitest.Karmada)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for _, args := range [][]string{
		{"doctor", "--kubeconfig", kubeconfig},
		{"contexts", "--kubeconfig", kubeconfig},
		{"ca-hash", "--kubeconfig", kubeconfig},
		{"check", "127.0.0.1:1", "--token", "07401b.f395accd246ae52d", "--discovery-token-unsafe-skip-ca-verification"},
		{"setup", "--yes", "--endpoint", "karmada.example.org:5443", "--kubeconfig", kubeconfig},
	} {
		if code, stderr := adminRun(t, lostOutput{}, "", args...); code != ExitFailed || !strings.Contains(stderr, "broken pipe") {
			t.Errorf("%s exits %d: %s", args[0], code, stderr)
		}
	}
}

func TestDoctorShowsTheFixBelowEachProblem(t *testing.T) {
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": apitest.New(t, apitest.Karmada)})
	var table, wide, document bytes.Buffer
	code, stderr := adminRun(t, &table, "", "doctor", "--kubeconfig", kubeconfig)
	if code != ExitProblem || !strings.Contains(stderr, "error: context hub: 1 error and 0 warnings\n") {
		t.Errorf("doctor exits %d: %s", code, stderr)
	}
	want := `SEVERITY   CHECK          FINDING
error      cluster-info   there is no configmap kube-public/cluster-info: this
                          control plane is not set up for joining by token
                          [JC204]
                          → joinctl setup --endpoint HOST:PORT creates it;
                            karmada-operator does not, nor do old releases of
                            the Helm chart
`
	if table.String() != want {
		t.Errorf("the table is\n%s", &table)
	}
	adminRun(t, &wide, "", "doctor", "-o", "wide", "--kubeconfig", kubeconfig)
	if !strings.Contains(wide.String(), "REMEDY") || !strings.Contains(wide.String(), "\ninfo ") || strings.Contains(wide.String(), "→") {
		t.Errorf("the wide table is\n%s", &wide)
	}
	adminRun(t, &document, "", "doctor", "-o", "json", "--kubeconfig", kubeconfig)
	if !strings.Contains(document.String(), `"severity": "info"`) || strings.Contains(document.String(), "→") {
		t.Errorf("the document is\n%s", &document)
	}
}

func TestSetupShowsItsPlanBeforeItAsks(t *testing.T) {
	server := apitest.New(t, apitest.Karmada)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	args := []string{"setup", "--endpoint", "127.0.0.1:5443", "--kubeconfig", kubeconfig}
	for _, test := range []struct {
		answer, arg, last string
		code              int
		stdout            string
	}{
		{"n\n", "--dry-run=none", "aborted: not confirmed\n", ExitFailed, ""},
		{"", "--dry-run=server", "", ExitOK, "configmap/cluster-info created (server dry run)\n"},
		{"", "--yes", "shows whether they work\n", ExitOK, "configmap/cluster-info created\n"},
	} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, test.answer, append(args, test.arg)...)
		if code != test.code || stdout.String() != test.stdout {
			t.Errorf("%s exits %d with %q on stdout", test.arg, code, &stdout)
		}
		plan := "joinctl: context hub: to create: configmap kube-public/cluster-info: "
		if !strings.HasPrefix(stderr, plan) || !strings.Contains(stderr, "warning: context hub: 127.0.0.1:5443 is ") || !strings.HasSuffix(stderr, test.last) {
			t.Errorf("%s: stderr is\n%s", test.arg, stderr)
		}
	}
}

func TestDoctorEndsWithALineForEachControlPlane(t *testing.T) {
	joinable, bare := apitest.New(t, apitest.Karmada, apitest.Joinable), apitest.New(t, apitest.Karmada)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"bare": bare, "fine": joinable})
	var both bytes.Buffer // as on a terminal
	env := &Env{In: strings.NewReader(""), Out: &both, Err: &both, Now: time.Now, Rand: rand.Reader}
	code := Main(t.Context(), env, []string{"doctor", "--all-contexts", "--kubeconfig", kubeconfig})
	lines := strings.Split(strings.TrimSuffix(both.String(), "\n"), "\n")
	last := strings.Join(lines[max(len(lines)-2, 0):], "\n")
	if !regexp.MustCompile(`^joinctl: context fine: no problems found in \d+ checks\njoinctl: error: context bare: 1 error and 0 warnings$`).MatchString(last) || code != ExitProblem {
		t.Errorf("exit %d:\n%s", code, &both)
	}
}
