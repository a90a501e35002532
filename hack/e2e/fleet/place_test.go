// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestATokenWithAContextIsDeletedThereAndNowhereElse(t *testing.T) {
	path := mixed(t).path()
	live := []string{"--contexts", "live/*"}
	create := func(t *testing.T) {
		t.Helper()
		wipe(t)
		program.Run(t, path, append([]string{"token", "create", given}, live...)...).OK(t)
	}
	left := func(t *testing.T, want ...bool) {
		t.Helper()
		for i, p := range planes {
			if got := p.stored(t)["abcdef"]; got != want[i] {
				t.Errorf("plane %d has it: %t", i, got)
			}
		}
	}
	create(t)
	program.Run(t, path, "token", "delete", "abcdef", "--contexts", "live/*").Wants(t, 1, "is in 3 contexts", `"live/a"`, "--everywhere")
	left(t, true, true, true)
	program.Run(t, path, "token", "delete", "live/b/abcdef", "--context", "live/a").Wants(t, 2, `"live/b"`, "is not among the selected ones")
	left(t, true, true, true)
	out := program.Run(t, path, "token", "delete", "live/b/abcdef")
	if got := out.OK(t); got != `bootstrap token "live/b/abcdef" deleted` {
		t.Errorf("printed %q", got)
	}
	left(t, true, false, true)
	program.Run(t, path, append([]string{"token", "delete", "live/a/" + given}, live...)...).OK(t)
	left(t, false, false, true)
	program.Run(t, path, append([]string{"token", "delete", "abcdef"}, live...)...).OK(t)
	left(t, false, false, false)
	program.Run(t, path, append([]string{"token", "delete", "abcdef"}, live...)...).Wants(t, 1, "is in none of the contexts")
	program.Run(t, path, append([]string{"token", "delete", "abcdef", "--everywhere"}, live...)...).OK(t)
	create(t)
	program.Run(t, path, append([]string{"token", "delete", "abcdef", "--everywhere"}, live...)...).OK(t)
	left(t, false, false, false)
	create(t)
	names := program.Run(t, path, append([]string{"token", "list", "-o", "name"}, live...)...).OK(t)
	cmd := program.Command(t, path, "token", "delete", "-")
	cmd.Stdin = strings.NewReader(names)
	program.Execute(t, cmd).OK(t)
	left(t, false, false, false)
}
