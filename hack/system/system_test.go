// SPDX-License-Identifier: Apache-2.0

//go:build system

// Package system tests the built program together with other programs of Debian: shells and a browser. The build tag keeps
// it out of make test, which needs Go, make and git alone. A missing program fails a test.
package system

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// timeout is how long a program may run.
const timeout = time.Minute

// program returns the path of a program of Debian.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: .ci/run lists the packages that these tests need", err)
	}
	return path
}

// joinctl returns the path of the program under test.
func joinctl(t *testing.T) string {
	t.Helper()
	path := os.Getenv("JOINCTL_SYSTEM_BIN")
	if path == "" {
		t.Fatal("JOINCTL_SYSTEM_BIN must name the program under test: use make test-system")
	}
	return path
}

// output runs a command and returns its stdout. It fails the test if the command fails.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

func TestEveryProgramStarts(t *testing.T) {
	t.Parallel()
	output(t, joinctl(t), "version")
	for _, name := range []string{"zsh", "fish", "chromium"} {
		if output(t, program(t, name), "--version") == "" {
			t.Errorf("%s prints no version", name)
		}
	}
}
