// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestExitCodesOfAFleet(t *testing.T) {
	wipe(t)
	path := mixed(t).path()
	for name, test := range map[string]struct {
		code int
		args []string
	}{
		"all good":             {0, []string{"--contexts", "live/*"}},
		"some bad":             {3, []string{"--contexts", "live/*", "--context", "refuses"}},
		"all bad":              {1, []string{"--context", "refuses", "--context", "wrong-ca"}},
		"all excluded":         {2, []string{"--context", "refuses", "--exclude-contexts", "refuses"}},
		"nothing matched":      {2, []string{"--contexts", "dead/*"}},
		"unknown":              {2, []string{"--context", "live/a", "--context", "live/d"}},
		"no selection at all":  {2, nil},
		"empty shard":          {0, []string{"--context", "refuses", "--shard", "0/2"}},
		"one server, many":     {2, []string{"--all-contexts", "--server", "https://x"}},
		"one identity, many":   {2, []string{"--all-contexts", "--token", "x"}},
		"the run's time is up": {3, []string{"--all-contexts", "--timeout", "1s", "--parallel", "8"}},
		"enough failures":      {1, []string{"--context", "refuses", "--contexts", "live/*", "--max-failures", "1", "--parallel", "1", "--exclude-contexts", "live/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := program.Run(t, path, append([]string{"token", "list"}, test.args...)...)
			if name == "empty shard" && out.Code == 1 { // it is in the other one
				out = program.Run(t, path, "token", "list", "--context", "refuses", "--shard", "1/2")
			}
			out.Wants(t, test.code)
			if out.Took > 4*time.Second {
				t.Errorf("it took %s", out.Took)
			}
		})
	}
}

// TestAForbiddenNamesTheContextsThatMayBeSomebodyElse is one of two contexts of the same control plane.
func TestAForbiddenNamesTheContextsThatMayBeSomebodyElse(t *testing.T) {
	wipe(t)
	k := newKubeconfig(t)
	_, nobody := k.add("a-nobody", planes[0])
	nobody.Impersonate = "nobody"
	k.add("b-admin", planes[0])
	path := k.path()
	out := program.Run(t, path, "token", "list", "--all-contexts")
	out.Wants(t, 1, `joinctl: "b-admin": the same control plane as context a-nobody`, "Forbidden, 1 of 1", `perhaps as somebody else: "b-admin"`)
	if out.Took > time.Second {
		t.Errorf("a Forbidden took %s", out.Took)
	}
	program.Run(t, path, "token", "list", "--all-contexts", "--context", "b-admin").OK(t)
	program.Run(t, path, "token", "list", "--contexts", "a-*").Wants(t, 1, "Forbidden")
}
