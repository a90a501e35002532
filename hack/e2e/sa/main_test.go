// SPDX-License-Identifier: Apache-2.0

// Package sa_test runs the built joinctl's commands for ServiceAccount tokens against a real control plane, and beside
// kubectl.
package sa_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// A hub is a control plane that all tests share, each in a namespace of its own.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

// capped grants tokens for an hour at most, free grants what is asked.
var capped, free *hub

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// runTests starts the control planes.
func runTests(m *testing.M) (code int, err error) {
	dir := os.Getenv("JOINCTL_E2E_BIN")
	if dir == "" {
		return 1, errors.New("JOINCTL_E2E_BIN must be the folder with the binaries that make test builds")
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 1, err
	}
	for into, args := range map[**hub][]string{&capped: {"--max-token-expiration=1h"}, &free: nil} {
		cp, err := controlplane.StartMain(filepath.Join(dir, "controlplane"), append(args, "--name", "hub")...)
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, cp.Stop()) }()
		client, err := cp.Clientset()
		if err != nil {
			return 1, err
		}
		*into = &hub{cp, client}
	}
	return m.Run(), nil
}

// An outcome is what a run of a program gave.
type outcome struct {
	stdout, stderr string
	code           int
}

// run runs a program of the folder with a kubeconfig, and with nothing of this process's environment but the PATH.
func run(t testing.TB, program, kubeconfig string, args ...string) outcome {
	t.Helper()
	return execute(t, command(t, program, kubeconfig, args...))
}

func command(t testing.TB, program, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(os.Getenv("JOINCTL_E2E_BIN"), program), args...)
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
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", cmd.Args, err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ok returns what a run that has to succeed printed, without the last newline.
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
