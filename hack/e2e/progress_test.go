// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/cli"
)

// TestProgressIsShownOnATerminalOnly checks for one progress line, which is cleared in the end.
func TestProgressIsShownOnATerminalOnly(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	const size = 2500 // with --parallel 1 this takes more than a second
	_, file := writeNamesFile(t, size)
	line := regexp.MustCompile(`\rjoinctl: (\d+) done, 0 failed, (\d+) left; member-\d+ takes \d+s\x1b\[K`)
	for _, terminal := range []bool{true, false} {
		var stdout, stderr bytes.Buffer
		env := &cli.Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, ErrTTY: terminal, Rand: rand.Reader, Now: time.Now}
		started := time.Now()
		code := cli.Main(t.Context(), env, []string{"token", "create", "--for-file", file, "--parallel", "1", "--usages", "authentication", "--kubeconfig", h.Kubeconfig})
		elapsed := time.Since(started)
		if code != 0 || strings.Count(stdout.String(), "\n") != size+1 {
			t.Fatalf("exit code %d after %s\n%s", code, elapsed, stderr.String())
		}
		if shown := line.MatchString(stderr.String()); shown != terminal {
			t.Errorf("terminal %v, after %s: stderr is %q", terminal, elapsed, stderr.String())
		}
		if terminal && !strings.Contains(stderr.String(), "\r\x1b[K") {
			t.Errorf("the progress line is not cleared: %q", stderr.String())
		}
		if strings.ContainsAny(stdout.String(), "\r\x1b") {
			t.Error("the progress line is on stdout")
		}
	}
}
