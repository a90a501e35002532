// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/joinctl/joinctl/internal/apitest"
)

// openTerminal returns the two sides of a pseudo-terminal of so many columns: the one that its user sees, and the one of a program.
func openTerminal(t *testing.T, columns uint16) (user, program *os.File) {
	t.Helper()
	user = open(t, "/dev/ptmx", os.O_RDWR)
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(user.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return user, open(t, "/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY)
}

func TestATerminalShowsTablesInItsWidthAndInColours(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	create, stderr := joinctl(t, server, "token", "create", "abcdef.0123456789abcdef", "--usages", "authentication", "--ttl", "0", "--description", "集群 🚀 "+strings.Repeat("long ", 40))
	if code := exitOf(t, create, create.Run()); code != 0 {
		t.Fatalf("create exits %d: %s", code, stderr)
	}
	for _, test := range []struct {
		columns uint16
		env     []string
		status  string
	}{
		{80, nil, "\x1b[32mok\x1b[0m"},
		{120, nil, "\x1b[32mok\x1b[0m"},
		{80, []string{"NO_COLOR=1"}, "ok"},
		{80, []string{"TERM=dumb"}, "ok"},
		{80, []string{"NO_COLOR="}, "\x1b[32mok\x1b[0m"}, // no-color.org: not empty
	} {
		user, program := openTerminal(t, test.columns)
		cmd, stderr := joinctl(t, server, "token", "list")
		cmd.Stdout = program
		cmd.Env = append(append(cmd.Env, "TERM=xterm", "NO_COLOR="), test.env...)
		if code := exitOf(t, cmd, cmd.Run()); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		_ = program.Close() // the user reads to the end
		shown, _ := io.ReadAll(user)
		rows := strings.Split(strings.TrimSuffix(string(shown), "\r\n"), "\r\n")
		const head = "TOKEN    STATUS   TTL         EXPIRES   FOR      DESCRIPTION"
		row := "abcdef   " + test.status + "       <forever>   <never>   <none>   "
		if len(rows) != 2 || rows[0] != head || !strings.HasPrefix(rows[1], row+"集群 🚀 long") || !strings.HasSuffix(rows[1], "…") {
			t.Errorf("%d columns, %q: shows\n%q", test.columns, test.env, rows)
			continue
		}
		wide := 3 // characters that take two columns
		if taken := len([]rune(strings.TrimPrefix(rows[1], row))) + wide + len("abcdef   ok       <forever>   <never>   <none>   "); taken != int(test.columns) {
			t.Errorf("%d columns: the row takes %d: %q", test.columns, taken, rows[1])
		}
	}
}
