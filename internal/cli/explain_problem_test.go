// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/problem"
)

const codePages = "../../docs/codes"

// TestReferenceOfCodes compares docs/codes with the problems; -update writes it.
func TestReferenceOfCodes(t *testing.T) {
	pages := map[string]string{filepath.Join(codePages, "README.md"): codeIndex()}
	for _, p := range problem.All() {
		pages[filepath.Join(codePages, filepath.Base(p.URL()))] = codePage(p)
	}
	update := flag.Lookup("update").Value.String() == "true"
	for path, want := range pages {
		if update {
			if err := os.MkdirAll(codePages, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): make docs writes it", path, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(codePages, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if pages[file] == "" {
			t.Errorf("%s is about a code that does not exist", file)
		}
	}
}

// codeIndex returns the page that lists all codes.
func codeIndex() string {
	var b strings.Builder
	b.WriteString("# Codes\n\nEvery step of `joinctl check`, every finding of `joinctl doctor` and every reason of a failure has a code. Documents have " +
		"it in\nthe field `code`; in tables, the text of a failed step, an error or a warning ends in it. `joinctl explain CODE` prints the page of\n" +
		"a code. A code never gets another meaning.\n")
	kind := problem.Kind("")
	for _, p := range problem.All() {
		if p.Kind != kind {
			kind = p.Kind
			heading := map[problem.Kind]string{problem.Step: "JC1: steps of check", problem.Finding: "JC2: findings of doctor", problem.Reason: "JC3: reasons of failures"}[kind]
			fmt.Fprintf(&b, "\n## %s\n\n| code | %s | |\n|---|---|---|\n", heading, kind)
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | `%s` | %s |\n", p.Code, p.Code, p.Name, p.Title)
	}
	return b.String()
}

// codePage returns the page of a code.
func codePage(p problem.Problem) string {
	what := map[problem.Kind]string{
		problem.Step:    "The step `%s` of [joinctl check](../check.md). `joinctl doctor --probe` reports it as `probe-%[1]s`.",
		problem.Finding: "The finding `%s` of [joinctl doctor](../doctor.md).",
		problem.Reason:  "The reason `%s` of a [failure](../fleet.md#failures).",
	}[p.Kind]
	return fmt.Sprintf("# %s: %s\n\n%s\n\n## Cause\n\n%s\n\n## How to see it\n\n%s\n\n## Fix\n\n%s\n\n`joinctl explain %s` prints this page. [All codes](README.md).\n",
		p.Code, p.Title, fmt.Sprintf(what, p.Name), p.Cause, p.See, p.Fix, p.Code)
}

// The commands of the explanations are typed as they are, but for the names that stand for others.
func TestTheCommandsOfAnExplanationParse(t *testing.T) {
	t.Parallel()
	names := strings.NewReplacer("HOST:PORT", "a.example:6443", "ID", "07401b", "--for NAME", "--for member1")
	count := 0
	for _, p := range problem.All() {
		for line := range strings.Lines(p.Cause + "\n" + p.See + "\n" + p.Fix) {
			command, ok := strings.CutPrefix(line, "    joinctl ")
			if !ok {
				continue
			}
			count++
			command, _, _ = strings.Cut(command, " | ")
			command, _, _ = strings.Cut(command, " < ")
			if err := parse(strings.Fields(names.Replace(command))); err != nil {
				t.Errorf("%s: joinctl %s: %v", p.Code, strings.TrimSpace(command), err)
			}
		}
	}
	if count < len(problem.All())/2 {
		t.Errorf("found %d commands only", count)
	}
}

func TestExplainPrintsTheCauseTheSightAndTheFix(t *testing.T) {
	code, stdout, stderr := run(t, "explain", "jc107", "Forbidden", "JC305")
	for _, want := range []string{"JC107 (step signature of joinctl check)\n", "\nCause:\n  The token", "\nHow to see it:\n", "\nFix:\n", "/docs/codes/JC107.md\n", "JC305 (reason Forbidden"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in %s", want, stdout)
		}
	}
	if code != ExitOK || stderr != "" || strings.Count(stdout, "JC305 (") != 1 {
		t.Errorf("exit code %d, stderr %q, stdout %s", code, stderr, stdout)
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 81 {
			t.Errorf("too long for 80 columns: %s", line)
		}
	}
	if code, stdout, _ := run(t, "explain", "-o", "name"); code != ExitOK || strings.Count(stdout, "\n") != len(problem.All()) {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	if _, stdout, _ := run(t, "explain", "cluster-info", "-o", "jsonpath={.kind} {.items[*].code} {.items[1].kind}"); stdout != "ProblemList JC105 JC204 finding" {
		t.Errorf("as a document: %s", stdout)
	}
}

func TestExplainSuggestsACodeAndRepeatsNoToken(t *testing.T) {
	for word, want := range map[string]string{
		"JC999":                   `the code or name "JC999"`,
		"forbid":                  "did you mean Forbidden?",
		"signatur":                "did you mean signature?",
		"07401b.0123456789abcdef": "no step, finding or reason has this code or name: joinctl explain lists all",
	} {
		code, _, stderr := run(t, "explain", word)
		if code != ExitUsage || !strings.Contains(stderr, want) || strings.Contains(stderr, "0123456789abcdef") {
			t.Errorf("%s: exit code %d, %s", word, code, stderr)
		}
	}
}

func TestDocumentsAndTablesHaveCodes(t *testing.T) {
	hub, down := apitest.New(t), apitest.Down(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": hub, "down": down})
	_, stdout, _ := run(t, "doctor", "--kubeconfig", kubeconfig, "--all-contexts", "-o", "json")
	var found struct {
		Items    []struct{ Check, Code string }
		Failures []struct{ Reason, Code string }
	}
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	for _, item := range found.Items {
		codes[item.Check] = item.Code
		if item.Code == "" {
			t.Errorf("finding %s has no code", item.Check)
		}
	}
	if len(found.Failures) != 1 || found.Failures[0].Code != "JC301" || codes["cluster-info"] != "JC204" {
		t.Errorf("findings %v, failures %v", codes, found.Failures)
	}
	_, stdout, _ = run(t, "doctor", "--kubeconfig", kubeconfig, "--context", "hub", "-o", "wide")
	if !regexp.MustCompile(`(?m)^error +cluster-info .*\[JC204\]`).MatchString(stdout) || regexp.MustCompile(`(?m)^info .*\[JC`).MatchString(stdout) {
		t.Errorf("doctor -o wide: %s", stdout)
	}
	check := []string{"check", strings.TrimPrefix(down.URL, "https://"), "--token", "07401b.0123456789abcdef", "--discovery-token-unsafe-skip-ca-verification"}
	_, stdout, stderr := run(t, check...)
	if !regexp.MustCompile(`(?m)^tcp +failed .*\[JC103\]`).MatchString(stdout) || strings.Count(stdout, "[JC") != 1 ||
		!regexp.MustCompile(`(?m)^joinctl: error: the join would fail at tcp: .*\[JC103\]$`).MatchString(stderr) {
		t.Errorf("check: %s%s", stdout, stderr)
	}
	if _, stdout, _ := run(t, append(check, "-o", "jsonpath={.items[2].name} {.items[2].code}")...); stdout != "tcp JC103" {
		t.Errorf("check as a document: %s", stdout)
	}
}
