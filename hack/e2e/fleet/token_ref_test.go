// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestQualifiedTokenIsDeletedInItsContextOnly(t *testing.T) {
	path := mixedFleet(t).write()
	live := []string{"--contexts", "live/*"}
	create := func(t *testing.T) {
		t.Helper()
		deleteTokens(t)
		program.Run(t, path, append([]string{"token", "create", givenToken}, live...)...).OK(t)
	}
	expectTokens := func(t *testing.T, want ...bool) {
		t.Helper()
		for i, p := range controlPlanes {
			if got := p.tokenIDs(t)["abcdef"]; got != want[i] {
				t.Errorf("control plane %d has the token: %t", i, got)
			}
		}
	}
	create(t)
	program.Run(t, path, "token", "delete", "abcdef", "--contexts", "live/*").Expect(t, 1, "is in 3 contexts", `"live/a"`, "--everywhere")
	expectTokens(t, true, true, true)
	program.Run(t, path, "token", "delete", "live/b/abcdef", "--context", "live/a").Expect(t, 2, `"live/b"`, "is not among the selected ones")
	expectTokens(t, true, true, true)
	out := program.Run(t, path, "token", "delete", "live/b/abcdef")
	if got := out.OK(t); got != `bootstrap token "live/b/abcdef" deleted` {
		t.Errorf("printed %q", got)
	}
	expectTokens(t, true, false, true)
	program.Run(t, path, append([]string{"token", "delete", "live/a/" + givenToken}, live...)...).OK(t)
	expectTokens(t, false, false, true)
	program.Run(t, path, append([]string{"token", "delete", "abcdef"}, live...)...).OK(t)
	expectTokens(t, false, false, false)
	program.Run(t, path, append([]string{"token", "delete", "abcdef"}, live...)...).Expect(t, 1, "is in none of the contexts")
	program.Run(t, path, append([]string{"token", "delete", "abcdef", "--everywhere"}, live...)...).OK(t)
	create(t)
	program.Run(t, path, append([]string{"token", "delete", "abcdef", "--everywhere"}, live...)...).OK(t)
	expectTokens(t, false, false, false)
	create(t)
	names := program.Run(t, path, append([]string{"token", "list", "-o", "name"}, live...)...).OK(t)
	cmd := program.Command(t, path, "token", "delete", "-", "--yes")
	cmd.Stdin = strings.NewReader(names)
	program.Execute(t, cmd).OK(t)
	expectTokens(t, false, false, false)
}
