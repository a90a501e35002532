// SPDX-License-Identifier: Apache-2.0

// Package program runs the built programs for tests and judges what they print.
package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ErrNoFolder is what Prepare returns where nobody says which programs to test.
var ErrNoFolder = errors.New("JOINCTL_E2E_BIN must be the folder with the binaries that make test builds")

// Prepare puts the folder with the built programs into this process's PATH. TestMain calls it first.
func Prepare() error {
	dir := os.Getenv("JOINCTL_E2E_BIN")
	if dir == "" {
		return ErrNoFolder
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// Binary returns the path of one of the programs.
func Binary(name string) string { return filepath.Join(os.Getenv("JOINCTL_E2E_BIN"), name) }

// An Outcome is what a run of a program gave.
type Outcome struct {
	Stdout, Stderr string
	Code           int
	Took           time.Duration
}

// Run runs joinctl with a kubeconfig.
func Run(t testing.TB, kubeconfig string, args ...string) Outcome {
	t.Helper()
	return Execute(t, Command(t, kubeconfig, args...))
}

// Command prepares a run of joinctl, with nothing of this process's environment but the PATH.
func Command(t testing.TB, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary("joinctl"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig}
	return cmd
}

// Execute runs what Command prepared.
func Execute(t testing.TB, cmd *exec.Cmd) Outcome {
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
	return Outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(begin)}
}

// Stop runs what Command prepared, and sends it a signal after a time.
func Stop(t testing.TB, cmd *exec.Cmd, signal os.Signal, after time.Duration) Outcome {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Signal(signal)
	_ = cmd.Wait()
	return Outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(begin)}
}

// OK returns what was printed on stdout by a run that has to succeed, without the last newline.
func (o Outcome) OK(t testing.TB) string {
	t.Helper()
	if o.Code != 0 {
		t.Fatalf("exit code %d\n%s", o.Code, o.Stderr)
	}
	return strings.TrimSuffix(o.Stdout, "\n")
}

// Wants fails the test unless the run ended with a code and stderr holds all texts.
func (o Outcome) Wants(t testing.TB, code int, texts ...string) {
	t.Helper()
	if o.Code != code {
		t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", o.Code, code, o.Stdout, o.Stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.Stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, o.Stderr)
		}
	}
}

// A Document is a structured list.
type Document struct {
	Kind     string
	Items    []map[string]any
	Failures []struct{ Context, Member, Reason, Message string }
}

// Document parses what -o json printed.
func (o Outcome) Document(t testing.TB) (doc Document) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.Stdout), &doc); err != nil {
		t.Fatalf("%v in %q\n%s", err, o.Stdout, o.Stderr)
	}
	return doc
}

// Eventually repeats try until it succeeds, or fails the test when the time is over.
func Eventually(t testing.TB, within time.Duration, try func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for err := try(); err != nil; err = try() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", within, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
