// SPDX-License-Identifier: Apache-2.0

package problem

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A code that was in a release keeps its meaning, also after its problem has gone.
func TestACodeIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{} // the rest of the line, by code
	for line := range strings.Lines(string(content)) {
		code, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if code == "" || code == "#" {
			continue
		}
		if given[code] != "" {
			t.Errorf("%s was given twice", code)
		}
		given[code] = rest
	}
	for _, p := range All() {
		if want := string(p.Kind) + " " + p.Name; given[p.Code] != want {
			t.Errorf("%s is %q, and testdata/codes.txt has %q: a new problem needs a new code and a line there", p.Code, want, given[p.Code])
		}
		delete(given, p.Code)
	}
	for code, rest := range given {
		if rest != "retired" {
			t.Errorf("%s has no problem any more: mark it as retired in testdata/codes.txt", code)
		}
	}
}

func TestEveryProblemIsExplained(t *testing.T) {
	t.Parallel()
	digit := map[Kind]string{Step: "1", Finding: "2", Reason: "3"}
	seen := map[string]bool{}
	for _, p := range All() {
		if !regexp.MustCompile(`^JC` + digit[p.Kind] + `\d\d$`).MatchString(p.Code) {
			t.Errorf("%s is not a code of a %s", p.Code, p.Kind)
		}
		for _, key := range []string{p.Code, string(p.Kind) + " " + p.Name} {
			if seen[key] {
				t.Errorf("%s is not unique", key)
			}
			seen[key] = true
		}
		if p.Title == "" || strings.HasSuffix(p.Title, ".") || len(p.Title) > 76 {
			t.Errorf("%s: title %q", p.Code, p.Title)
		}
		for part, text := range map[string]string{"cause": p.Cause, "see": p.See, "fix": p.Fix} {
			checkText(t, p.Code+" "+part, text)
		}
	}
}

// checkText checks that a text is Markdown for a terminal of 80 columns: paragraphs, and commands that are indented by four
// spaces, with an empty line between.
func checkText(t *testing.T, name, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" || text != strings.TrimRight(text, "\n") || strings.HasPrefix(text, "\n") {
		t.Errorf("%s: %q", name, text)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		command := strings.HasPrefix(line, "    ")
		switch {
		case command && (line[4] == ' ' || strings.HasSuffix(line, " ")), strings.Contains(line, "\t"):
			t.Errorf("%s: spaces in %q", name, line)
		case !command && (len(line) > 78 || line != strings.TrimSpace(line)):
			t.Errorf("%s: %q", name, line)
		case i > 0 && line != "" && lines[i-1] != "" && command != strings.HasPrefix(lines[i-1], "    "):
			t.Errorf("%s: an empty line is missing before %q", name, line)
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "    ") && !strings.HasSuffix(last, ".") {
		t.Errorf("%s ends with %q", name, last)
	}
}

func TestAFindingOfTheProbeHasTheCodeOfItsStep(t *testing.T) {
	t.Parallel()
	step, _ := NewCatalog().Of(Step, "tcp")
	probed, ok := NewCatalog().Of(Finding, "probe-tcp")
	if !ok || probed != step || step.Code != "JC103" {
		t.Errorf("got %+v, %v", probed, ok)
	}
	if p, ok := NewCatalog().Of(Reason, "tcp"); ok {
		t.Errorf("a reason tcp: %+v", p)
	}
	if p, ok := NewCatalog().Of(Step, "probe-tcp"); ok {
		t.Errorf("a step probe-tcp: %+v", p)
	}
}

func TestAProblemIsFoundByItsCodeAndByItsNameInAnyCase(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][]string{
		"JC105": {"JC105"}, "jc105": {"JC105"}, "cluster-info": {"JC105", "JC204"}, "Forbidden": {"JC305"}, "forbidden": {"JC305"},
		"probe-TCP": {"JC103"}, "probe": {"JC228"}, "probe-": nil, "": nil, "JC1": nil,
	} {
		var got []string
		for _, p := range Find(word) {
			got = append(got, p.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
