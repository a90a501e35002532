// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// An outcome is what a run of a program gave.
type outcome struct {
	stdout, stderr string
	code           int
	took           time.Duration
}

// run runs joinctl with a kubeconfig.
func run(t testing.TB, kubeconfig string, args ...string) outcome {
	t.Helper()
	return execute(t, command(t, kubeconfig, args...))
}

// command prepares a run of joinctl, with nothing of this process's environment but the PATH.
func command(t testing.TB, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary("joinctl"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig}
	return cmd
}

func execute(t testing.TB, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", cmd.Args, err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(begin)}
}

// ok returns what was printed on stdout by a run that has to succeed, without the last newline.
func (o outcome) ok(t testing.TB) string {
	t.Helper()
	if o.code != 0 {
		t.Fatalf("exit code %d\n%s", o.code, o.stderr)
	}
	return strings.TrimSuffix(o.stdout, "\n")
}

// wants fails the test unless the run ended with a code and stderr holds all texts.
func (o outcome) wants(t testing.TB, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, o.stderr)
		}
	}
}

// document parses a structured list.
func (o outcome) document(t testing.TB) (doc struct {
	Kind     string
	Items    []map[string]any
	Failures []struct{ Context, Reason, Message string }
},
) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), &doc); err != nil {
		t.Fatalf("%v in %q\n%s", err, o.stdout, o.stderr)
	}
	return doc
}

// edited writes a changed copy of a hub's kubeconfig and returns its path.
func (h *hub) edited(t testing.TB, change func(*clientcmdapi.Config, *clientcmdapi.Cluster)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(h.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	change(config, config.Clusters["hub"])
	path := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// readIfThere returns the content of a file, "" where there is none.
func readIfThere(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}
