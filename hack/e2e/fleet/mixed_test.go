// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

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
		"sa token":          {"sa", "token", "default"},
		"sa list":           {"sa", "list"},
		"sa revoke":         {"sa", "revoke", "--expired", "--yes"},
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
				want := reasons()
				if name == "contexts --check" {
					delete(want, "forbidden") // everybody may ask what they may do
				}
				out := program.Run(t, path, args...)
				out.Wants(t, 3, "joinctl: error: Unreachable, 2 of 8", `"refuses", "wrong-ca"`, "joinctl: error: Timeout, 1 of 8", "joinctl: error: CredentialPlugin, 1 of 8")
				if want["forbidden"] != "" {
					out.Wants(t, 3, "joinctl: error: Forbidden, 1 of 8")
				}
				if lines := strings.Count(out.Stderr, "\n"); lines > 20 {
					t.Errorf("stderr has %d lines:\n%s", lines, out.Stderr)
				}
				for _, context := range []string{"live/a", "live/b", "live/c"} {
					if !strings.HasPrefix(name, "sa l") && name != "sa revoke" && !strings.Contains(out.Stdout, context) {
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
				if !reflect.DeepEqual(found, want) {
					t.Errorf("the failures are %v", found)
				}
			})
		}
	}
}

// TestOneKubeconfigOfAMixedFleetHasTheLiveTargets: what failed is told, and what worked is there.
func TestOneKubeconfigOfAMixedFleetHasTheLiveTargets(t *testing.T) {
	out := program.Run(t, mixed(t).path(), "sa", "kubeconfig", "default", "--all-contexts", "--request-timeout", "1s")
	out.Wants(t, 3, "Unreachable, 2 of 8", "Timeout, 1 of 8", "CredentialPlugin, 1 of 8", "Forbidden, 1 of 8")
	made, err := clientcmd.Load([]byte(out.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(made.Contexts)); !slices.Equal(names, []string{"live/a", "live/b", "live/c"}) {
		t.Errorf("it has contexts %q", names)
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
