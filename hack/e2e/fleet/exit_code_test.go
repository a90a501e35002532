// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestFleetExitCodes(t *testing.T) {
	deleteTokens(t)
	path := mixedFleet(t).write()
	for name, test := range map[string]struct {
		code int
		args []string
	}{
		"all succeed":         {0, []string{"--contexts", "live/*"}},
		"some fail":           {3, []string{"--contexts", "live/*", "--context", "refuses"}},
		"all fail":            {1, []string{"--context", "refuses", "--context", "wrong-ca"}},
		"all excluded":        {2, []string{"--context", "refuses", "--exclude-contexts", "refuses"}},
		"nothing matched":     {2, []string{"--contexts", "dead/*"}},
		"unknown":             {2, []string{"--context", "live/a", "--context", "live/d"}},
		"no selection at all": {2, nil},
		"empty shard":         {0, []string{"--context", "refuses", "--shard", "0/2"}},
		"one server, many":    {2, []string{"--all-contexts", "--server", "https://x"}},
		"one token, many":     {2, []string{"--all-contexts", "--token", "x"}},
		"run timeout":         {3, []string{"--all-contexts", "--timeout", "1s", "--parallel", "8"}},
		"max failures":        {1, []string{"--context", "refuses", "--contexts", "live/*", "--max-failures", "1", "--parallel", "1", "--exclude-contexts", "live/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := program.Run(t, path, append([]string{"token", "list"}, test.args...)...)
			if name == "empty shard" && out.Code == 1 { // the target is in the other shard
				out = program.Run(t, path, "token", "list", "--context", "refuses", "--shard", "1/2")
			}
			out.Expect(t, test.code)
			if out.Elapsed > 4*time.Second {
				t.Errorf("the run took %s", out.Elapsed)
			}
		})
	}
}

// TestForbiddenNamesContextsWithOtherUsers has contexts of the same control plane with different users.
func TestForbiddenNamesContextsWithOtherUsers(t *testing.T) {
	deleteTokens(t)
	k := newKubeconfig(t)
	_, impersonated := k.add("a-nobody", controlPlanes[0])
	impersonated.Impersonate = "nobody"
	k.add("b-admin", controlPlanes[0])
	_, member := k.add("c-master", controlPlanes[0])
	member.Impersonate, member.ImpersonateGroups = "somebody", []string{"system:masters"}
	for _, name := range []string{"d-robot", "e-robot"} { // a ServiceAccount may read the issuer and the keys
		_, robot := k.add(name, controlPlanes[0])
		robot.Impersonate, robot.ImpersonateGroups = "system:serviceaccount:default:"+name, []string{"system:serviceaccounts", "system:authenticated"}
	}
	path := k.write()
	program.Run(t, path, "token", "list", "--contexts", "*-robot").Expect(t, 1, `joinctl: "e-robot": the same control plane as context d-robot`,
		"Forbidden, 1 of 1", `perhaps as somebody else: "e-robot"`)
	out := program.Run(t, path, "token", "list", "--all-contexts", "--exclude-contexts", "*-robot") // nobody may not prove which control plane this is
	out.Expect(t, 3, `joinctl: "c-master": the same control plane as context b-admin`, `Forbidden, 1 of 2 ("a-nobody")`)
	if out.Elapsed > time.Second {
		t.Errorf("the failure took %s", out.Elapsed)
	}
	program.Run(t, path, "token", "list", "--all-contexts", "--context", "c-master").Expect(t, 3, `joinctl: "b-admin": the same control plane as context c-master`)
	program.Run(t, path, "token", "list", "--contexts", "a-*").Expect(t, 1, "Forbidden")
	out = program.Run(t, path, "token", "list", "--context", "b-admin", "--context", "c-master")
	out.OK(t)
	if strings.Contains(out.Stderr, "the same control plane") {
		t.Errorf("contexts that are named exactly are merged: %s", out.Stderr)
	}
}
