// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// reasons is why each of the mixed targets fails.
func reasons() map[string]string {
	return map[string]string{
		"refuses": "Unreachable", "silent": "Timeout", "forbidden": "Forbidden", "wrong-ca": "Unreachable", "plugin": "CredentialPlugin",
	}
}

const given = "abcdef.0123456789abcdef"

// TestEveryCommandInEveryFormatShowsAllResultsAndAllFailures runs each on live targets and failing ones at once.
func TestEveryCommandInEveryFormatShowsAllResultsAndAllFailures(t *testing.T) {
	path := mixed(t).path()
	bad := slices.Sorted(maps.Keys(reasons()))
	commands := map[string][]string{
		"create":            {"token", "create"},
		"create a command":  {"token", "create", "--print-register-command"},
		"list":              {"token", "list"},
		"command":           {"token", "command", given},
		"delete everywhere": {"token", "delete", given, "--everywhere"},
		"contexts --check":  {"contexts", "--check"},
	}
	formats := []string{"", "table", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.items[*].context}{.failures[*].context}", "go-template={{range .items}}{{.context}} {{end}}{{range .failures}}{{.context}} {{end}}"}
	for name, words := range commands {
		for _, format := range formats {
			t.Run(name+" "+format, func(t *testing.T) {
				wipe(t)
				live := []string{"--contexts", "live/*"}
				program.Run(t, path, append([]string{"token", "create", given}, live...)...).OK(t)
				args := append(slices.Clone(words), "--all-contexts", "--request-timeout", "1s")
				if format != "" {
					args = append(args, "-o", format)
				}
				out := program.Run(t, path, args...)
				out.Wants(t, 3, "joinctl: error: Unreachable, 2 of 8", `"refuses", "wrong-ca"`, "joinctl: error: Timeout, 1 of 8", "joinctl: error: Forbidden, 1 of 8", "joinctl: error: CredentialPlugin, 1 of 8")
				if lines := strings.Count(out.Stderr, "\n"); lines > 20 {
					t.Errorf("stderr has %d lines:\n%s", lines, out.Stderr)
				}
				for _, context := range []string{"live/a", "live/b", "live/c"} {
					if !strings.Contains(out.Stdout, context) {
						t.Errorf("stdout lacks %s:\n%s", context, out.Stdout)
					}
				}
				if out.Took > 8*time.Second {
					t.Errorf("it took %s, the slowest target no more than 4s", out.Took)
				}
				structured := format != "" && format != "table" && format != "wide" && format != "name"
				for _, context := range bad {
					if structured && !strings.Contains(out.Stdout, context) {
						t.Errorf("stdout lacks the failure of %s:\n%s", context, out.Stdout)
					}
				}
				if format != "json" {
					return
				}
				found := map[string]string{}
				for _, failure := range out.Document(t).Failures {
					found[failure.Context] = failure.Reason
				}
				if !reflect.DeepEqual(found, reasons()) {
					t.Errorf("the failures are %v", found)
				}
			})
		}
	}
}

func TestACreatedTokenIsAnotherOnEachTargetUnlessOneIsGiven(t *testing.T) {
	wipe(t)
	path := newKubeconfig(t).live(6).path()
	table := program.Run(t, path, "token", "create", "--all-contexts").OK(t)
	lines := strings.Split(table, "\n")
	if len(lines) != 7 || strings.Join(strings.Fields(lines[0]), " ") != "CONTEXT TOKEN" {
		t.Fatalf("printed %s", table)
	}
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		seen[strings.Fields(line)[1]] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d different tokens on 6 targets", len(seen))
	}
	if names := program.Run(t, path, "token", "list", "--contexts", "live-00[0]", "-o", "name"); names.Code != 2 {
		t.Errorf("brackets are taken for a pattern: %s", names.Stdout)
	}
	names := program.Run(t, path, "token", "list", "--contexts", "live-000", "-o", "name").OK(t)
	for line := range strings.SplitSeq(names, "\n") {
		if !strings.HasPrefix(line, "live-000/") {
			t.Errorf("a name is %q", line)
		}
	}
}

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
	program.Finish(t, cmd).OK(t)
	left(t, false, false, false)
}

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
