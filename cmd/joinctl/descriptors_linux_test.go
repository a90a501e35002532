// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestAClosedDescriptorIsNoReasonToHangOrToLoseACredential(t *testing.T) {
	t.Parallel()
	for closed, lost := range map[string]bool{ // lost: stdout is closed
		"<&-": false, "2>&-": false, "<&- 2>&-": false,
		">&-": true, "<&- >&-": true, ">&- 2>&-": true, "<&- >&- 2>&-": true,
	} {
		printed := struct{ code, tokens int }{0, 1}
		if lost {
			printed = struct{ code, tokens int }{1, 0}
		}
		for line, want := range map[string]struct{ code, tokens int }{
			"--help":                               {0, 0},
			"token list":                           {0, 0},
			"token create":                         printed,
			"token create -":                       {2, 0}, // stdin has no token
			"token create --for a,b --out-dir out": {0, 2},
		} {
			server := apitest.New(t)
			shell, _ := joinctl(t, server)
			shell.Dir = t.TempDir()
			shell.Path, shell.Args = "/bin/sh", []string{"sh", "-c", "joinctl " + line + " " + closed}
			code := exitOf(t, shell, shell.Run())
			if left := tokens(server); code != want.code || left != want.tokens {
				t.Errorf("joinctl %s %s: exit %d with %d tokens, want %+v", line, closed, code, left, want)
			}
		}
	}
}

func TestAStdoutThatNobodyReadsIsNoReasonNotToWriteFiles(t *testing.T) {
	t.Parallel()
	for _, flag := range []int{os.O_RDWR, os.O_WRONLY} {
		server := apitest.New(t)
		dir := t.TempDir()
		null := open(t, os.DevNull, flag)
		run := func(wantCode int, wantText string, args ...string) {
			t.Helper()
			cmd, stderr := joinctl(t, server, args...)
			cmd.Stdin, cmd.Stdout = null, null // as subprocess.DEVNULL of Python: one file, opened for reading and writing
			if code := exitOf(t, cmd, cmd.Run()); code != wantCode || !strings.Contains(stderr.String(), wantText) {
				t.Errorf("joinctl %q: exit %d\n%s", args, code, stderr)
			}
		}
		run(0, "created 2 tokens", "token", "create", "--for", "a,b", "--out-dir", dir)
		run(0, "created token abcdef", "token", "create", "abcdef.0123456789abcdef")
		run(1, "serviceaccounts \"robot\" not found", "sa", "kubeconfig", "robot", "--out", filepath.Join(dir, "kubeconfig")) // it asked
		run(0, "", "token", "delete", "abcdef")
		run(0, "no bootstrap tokens", "token", "list", "--for", "nobody")
		if flag == os.O_RDWR { // a stdout that was closed looks the same
			run(1, "hint: run it with a pipe or a file as its stdout; token create --out-dir", "token", "create")
			run(1, "stdout is closed, or /dev/null opened for reading and writing", "sa", "token", "robot")
		}
		for _, name := range []string{"a.token", "b.token"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if left := tokens(server); left != 2 {
			t.Errorf("%d tokens are left", left)
		}
	}
}
