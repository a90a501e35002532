// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// failureReasons returns the failure reason of each failing target of mixedFleet.
func failureReasons() map[string]string {
	return map[string]string{
		"refuses": "Unreachable", "silent": "Timeout", "forbidden": "Forbidden", "wrong-ca": "Unreachable", "plugin": "CredentialPlugin",
	}
}

const givenToken = "abcdef.0123456789abcdef"

// TestEveryCommandAndFormatShowsAllResultsAndFailures runs each command on working and failing targets at once.
func TestEveryCommandAndFormatShowsAllResultsAndFailures(t *testing.T) {
	deleteTokens(t)
	path := mixedFleet(t).write()
	commands := map[string]func(token string) []string{
		"create":            func(string) []string { return []string{"token", "create"} },
		"create a command":  func(string) []string { return []string{"token", "create", "--print-register-command"} },
		"list":              func(string) []string { return []string{"token", "list"} },
		"command":           func(token string) []string { return []string{"token", "command", token} },
		"delete everywhere": func(token string) []string { return []string{"token", "delete", token, "--everywhere"} },
		"contexts --check":  func(string) []string { return []string{"contexts", "--check"} },
		"sa token":          func(string) []string { return []string{"sa", "token", "default"} },
		"sa list":           func(string) []string { return []string{"sa", "list"} },
		"sa revoke":         func(string) []string { return []string{"sa", "revoke", "--expired", "--yes"} },
	}
	formats := []string{"", "table", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.items[*].context}{.failures[*].context}", "go-template={{range .items}}{{.context}} {{end}}{{range .failures}}{{.context}} {{end}}"}
	// Each run waits for the silent server, so the runs of one command go side by side. Each run has a token of its own.
	n := 0
	for name, words := range commands {
		t.Run(name, func(t *testing.T) {
			for _, format := range formats {
				n++
				token := fmt.Sprintf("t%05d.%016d", n, n)
				t.Run(format, func(t *testing.T) {
					t.Parallel()
					expectAllResultsAndFailures(t, path, name, format, words(token), token)
				})
			}
		})
	}
}

// expectAllResultsAndFailures runs the command with words on the mixed fleet in one output format. The live contexts have token.
func expectAllResultsAndFailures(t *testing.T, path, name, format string, words []string, token string) {
	t.Helper()
	program.Run(t, path, "token", "create", token, "--contexts", "live/*").OK(t)
	args := append(slices.Clone(words), "--all-contexts", "--request-timeout", "2s")
	if format != "" {
		args = append(args, "-o", format)
	}
	want := failureReasons()
	if name == "contexts --check" {
		delete(want, "forbidden") // every user may review its own access
	}
	out := program.Run(t, path, args...)
	out.Expect(t, 3, `joinctl: error: Unreachable, 1 of 8 ("refuses")`, `joinctl: error: Unreachable, 1 of 8 ("wrong-ca")`, "joinctl: error: Timeout, 1 of 8", "joinctl: error: CredentialPlugin, 1 of 8")
	if want["forbidden"] != "" {
		out.Expect(t, 3, "joinctl: error: Forbidden, 1 of 8")
	}
	if lines := strings.Count(out.Stderr, "\n"); lines > 20 {
		t.Errorf("stderr has %d lines:\n%s", lines, out.Stderr)
	}
	for _, context := range []string{"live/a", "live/b", "live/c"} {
		if !strings.HasPrefix(name, "sa l") && name != "sa revoke" && !strings.Contains(out.Stdout, context) {
			t.Errorf("stdout does not contain %s:\n%s", context, out.Stdout)
		}
	}
	if out.Elapsed > 12*time.Second {
		t.Errorf("the run took %s, the slowest target takes at most 8s", out.Elapsed)
	}
	for _, context := range slices.Sorted(maps.Keys(failureReasons())) {
		if !slices.Contains([]string{"", "table", "wide", "name"}, format) && !strings.Contains(out.Stdout, context) {
			t.Errorf("stdout does not contain the failure of %s:\n%s", context, out.Stdout)
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
}

// TestKubeconfigOfAMixedFleetHasTheReachableTargets expects the working targets on stdout and the failures on stderr.
func TestKubeconfigOfAMixedFleetHasTheReachableTargets(t *testing.T) {
	out := program.Run(t, mixedFleet(t).write(), "sa", "kubeconfig", "default", "--all-contexts", "--request-timeout", "1s")
	out.Expect(t, 3, `Unreachable, 1 of 8 ("refuses")`, `Unreachable, 1 of 8 ("wrong-ca")`, "Timeout, 1 of 8", "CredentialPlugin, 1 of 8", "Forbidden, 1 of 8")
	merged, err := clientcmd.Load([]byte(out.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(merged.Contexts)); !slices.Equal(names, []string{"live/a", "live/b", "live/c"}) {
		t.Errorf("the kubeconfig has contexts %q", names)
	}
}

func TestEachTargetGetsItsOwnToken(t *testing.T) {
	deleteTokens(t)
	path := newKubeconfig(t).addLive(6).write()
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
		t.Errorf("brackets are treated as a pattern: %s", names.Stdout)
	}
	names := program.Run(t, path, "token", "list", "--contexts", "live-000", "-o", "name").OK(t)
	for line := range strings.SplitSeq(names, "\n") {
		if !strings.HasPrefix(line, "live-000/") {
			t.Errorf("the name is %q", line)
		}
	}
}
