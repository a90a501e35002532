// SPDX-License-Identifier: Apache-2.0

// Package program runs the built programs for tests and checks their output.
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

// ErrNoBinaries is the error of Prepare if the environment does not name the folder with the built programs.
var ErrNoBinaries = errors.New("JOINCTL_E2E_BIN must be the folder with the binaries that make test builds")

// Prepare adds the folder with the built programs to the PATH of this process. TestMain calls it first. It returns
// ErrNoBinaries if JOINCTL_E2E_BIN is not set.
func Prepare() error {
	dir := os.Getenv("JOINCTL_E2E_BIN")
	if dir == "" {
		return ErrNoBinaries
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// Binary returns the path of a built program.
func Binary(name string) string { return filepath.Join(os.Getenv("JOINCTL_E2E_BIN"), name) }

// A Result is the output, the exit code and the duration of a program.
type Result struct {
	Stdout, Stderr string
	Code           int
	Elapsed        time.Duration
}

// Run runs joinctl with a kubeconfig.
func Run(t testing.TB, kubeconfig string, args ...string) Result {
	t.Helper()
	return Execute(t, Command(t, kubeconfig, args...))
}

// Command returns a command that runs joinctl with a kubeconfig. It inherits only PATH from the environment.
func Command(t testing.TB, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary("joinctl"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig}
	return cmd
}

// Execute runs a command to its end. It fails the test if the program does not start.
func Execute(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	started := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", cmd.Args, err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(started)}
}

// RunAndSignal starts a command, sends it a signal after a delay, and waits until it ends.
func RunAndSignal(t testing.TB, cmd *exec.Cmd, signal os.Signal, delay time.Duration) Result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(delay)
	_ = cmd.Process.Signal(signal)
	_ = cmd.Wait()
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(started)}
}

// OK returns stdout without the last newline. It fails the test if the exit code is not 0.
func (o Result) OK(t testing.TB) string {
	t.Helper()
	if o.Code != 0 {
		t.Fatalf("exit code %d\n%s", o.Code, o.Stderr)
	}
	return strings.TrimSuffix(o.Stdout, "\n")
}

// Expect fails the test unless the exit code is code and stderr contains all texts.
func (o Result) Expect(t testing.TB, code int, texts ...string) {
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

// A Document is the structured output of a joinctl command.
type Document struct {
	Kind     string
	Items    []map[string]any
	Failures []struct{ Context, Member, Reason, Message string }
}

// Document parses the output of -o json.
func (o Result) Document(t testing.TB) (doc Document) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.Stdout), &doc); err != nil {
		t.Fatalf("%v in %q\n%s", err, o.Stdout, o.Stderr)
	}
	return doc
}

// Eventually repeats try until it succeeds. It fails the test if that takes longer than within.
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
