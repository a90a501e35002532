// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endless is an input without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "a\n"[i%2]
	}
	return len(p), nil
}

// runFor runs the program for a short time, and returns its exit code and stderr.
func runFor(t *testing.T, in io.Reader, line string, files ...any) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out strings.Builder
	env := &Env{In: in, Out: io.Discard, Err: &out, Now: time.Now, Rand: strings.NewReader("")}
	code = Main(ctx, env, strings.Fields(fmt.Sprintf(line, files...)))
	return code, out.String()
}

func TestAPipeThatNobodyWritesToCanBeInterrupted(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"token list --kubeconfig %s", "contexts --kubeconfig %s", "token list --contexts-file %s", "token create --token-file %s",
		"token create --for-file %s --kubeconfig /dev/null", "token delete --token-file %s", "check 127.0.0.1:1 --token-file %s",
		"ca-hash %s", "sa inspect --token-file %s",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			code, stderr := runFor(t, strings.NewReader(""), line, fifo)
			if code != ExitInterrupted || !strings.Contains(stderr, "read "+fifo+": interrupted") || time.Since(start) > 20*time.Second {
				t.Errorf("exit code %d after %s: %s", code, time.Since(start), stderr)
			}
		})
	}
}

func TestAnInputWithoutEndIsReadUpToItsLimit(t *testing.T) {
	t.Parallel()
	if code, stderr := runFor(t, endless{}, "ca-hash -"); code == ExitOK || !strings.Contains(stderr, "standard input has more than 4 MiB") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	for _, line := range []string{"token list --kubeconfig %s", "token create --token-file %s", "ca-hash %s", "version -o go-template-file=%s"} {
		if code, stderr := runFor(t, strings.NewReader(""), line, "/dev/zero"); code == ExitOK || !strings.Contains(stderr, "/dev/zero has more than 1 MiB") {
			t.Errorf("%s: exit code %d: %s", line, code, stderr)
		}
	}
}

func TestATemplateInAPipeIsReadOnce(t *testing.T) {
	t.Parallel()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	if _, err := to.WriteString("{{.kind}}"); err != nil {
		t.Fatal(err)
	}
	to.Close()
	var out, stderr strings.Builder
	env := &Env{In: strings.NewReader(""), Out: &out, Err: &stderr, Now: time.Now, Rand: strings.NewReader("")}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("contexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: https://a}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code := Main(t.Context(), env, []string{"contexts", "--kubeconfig", config, "--context", "a", "-o", fmt.Sprintf("go-template-file=/dev/fd/%d", from.Fd())})
	if code != ExitOK || out.String() != "ContextList" {
		t.Errorf("exit code %d, %q: %s", code, out.String(), stderr.String())
	}
}
