// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/text/width"
)

// helpTexts returns the help of every command that users see on a terminal of so many columns, 0 for a pipe. The keys are
// the words after joinctl.
func helpTexts(t *testing.T, columns int) map[string]string {
	t.Helper()
	var out bytes.Buffer
	env := &Env{In: strings.NewReader(""), Out: &out, Err: &out, Now: time.Now, OutWidth: func() int { return columns }}
	texts := map[string]string{}
	eachCommand(newRoot(env, newSession(env), func() {}), func(c *cobra.Command) {
		out.Reset()
		c.InitDefaultHelpFlag()
		if err := c.Help(); err != nil {
			t.Errorf("help of %s: %v", c.CommandPath(), err)
		}
		texts[pathOf(c)] = out.String()
	})
	return texts
}

// pathOf returns the words of a command after joinctl.
func pathOf(c *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), "joinctl"), " ")
}

// TestReferenceHelp compares the help of every command with testdata/help; -update writes it.
func TestReferenceHelp(t *testing.T) {
	t.Parallel()
	update := flag.Lookup("update").Value.String() == "true"
	known := map[string]bool{}
	for path, want := range helpTexts(t, 0) {
		file := filepath.Join("testdata", "help", strings.ReplaceAll(strings.TrimSpace("joinctl "+path), " ", "_")+".txt")
		known[file] = true
		if update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): go test ./internal/cli -run TestReference -update writes it", file, err)
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", "help", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if !known[file] {
			t.Errorf("%s is about a command that does not exist", file)
		}
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for columns, widest := range map[int]int{0: 80, 30: 80, 60: 80, 80: 80, 100: 100, 300: 120} { // a word is never broken
		reached := 0
		for path, text := range helpTexts(t, columns) {
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				cells := utf8.RuneCountInString(line)
				for _, r := range line {
					if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth || r == '\t' {
						t.Errorf("%s: %q is not one cell wide", path, r)
					}
				}
				if cells > widest {
					t.Errorf("%s at %d columns: %d cells: %s", path, columns, cells, line)
				}
				reached = max(reached, cells)
			}
		}
		if reached < widest-5 {
			t.Errorf("at %d columns no line has more than %d cells", columns, reached)
		}
	}
}

func TestTheHelpOfTheRootFitsOneScreen(t *testing.T) {
	t.Parallel()
	help := helpTexts(t, 80)[""]
	if lines := strings.Count(help, "\n"); lines > 40 {
		t.Errorf("%d lines:\n%s", lines, help)
	}
	for _, title := range []string{"Tokens:", "Joining:", "ServiceAccounts:", "Fleet:", "Other:"} {
		if !strings.Contains(help, "\n\n"+title+"\n  ") {
			t.Errorf("no group %s in\n%s", title, help)
		}
	}
}

func TestFlagsAreShownInTheirGroupsAndSwitchesWithoutAValue(t *testing.T) {
	t.Parallel()
	texts := helpTexts(t, 0)
	help := texts["token create"]
	at := -1
	for _, part := range []string{"\nFlags:\n", "--ttl duration", "\nJoin command:\n", "--joiner joiner", "\nOutput:\n", "--output format", "\nSelection:\n", "--contexts-file", `Use "joinctl options"`} {
		next := strings.Index(help, part)
		if next <= at {
			t.Errorf("%q is at %d, and the part before it at %d", part, next, at)
		}
		at = next
	}
	for path, help := range texts {
		for _, unwanted := range []string{"true|false", "--log-file", "--profile", "--kubeconfig string", "--as-uid"} {
			if strings.Contains(help, unwanted) && path != "options" {
				t.Errorf("%s: help has %q", path, unwanted)
			}
		}
	}
	for _, offline := range []string{"check", "token generate", "token uses", "version", "completion bash"} {
		if strings.Contains(texts[offline], "--all-contexts") {
			t.Errorf("%s reads no kubeconfig, and its help has the flags of a selection", offline)
		}
	}
}

func TestOptionsListsEveryFlagThatHelpLeavesOut(t *testing.T) {
	_, listed, _ := run(t, "options")
	texts := helpTexts(t, 0)
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || strings.Contains(texts[pathOf(c)], "--"+f.Name) {
			return
		}
		if !strings.Contains(listed, "--"+f.Name) {
			t.Errorf("%s: --%s is neither in its help nor in joinctl options", pathOf(c), f.Name)
		}
	})
	for _, flag := range []string{"--log-file-max-size", "--kubeconfig", "--max-failures", "--profile-output", "--shard"} {
		if strings.Count(listed, flag+" ") != 1 {
			t.Errorf("options has %d times %s:\n%s", strings.Count(listed, flag+" "), flag, listed)
		}
	}
}

func TestWrappedExamplesAreTheSameCommands(t *testing.T) {
	t.Parallel()
	eachCommand(testRoot(), func(c *cobra.Command) {
		for _, columns := range []int{40, 60, 80, 120} {
			shown := wrapCommands(c.Example, columns)
			if got := strings.ReplaceAll(shown, " \\\n      ", " "); got != c.Example {
				t.Errorf("%s at %d columns:\n%s\nwant\n%s", pathOf(c), columns, got, c.Example)
			}
		}
	})
	const quoted = `  joinctl token list -o jsonpath='{.items[*].id} {"x  y"}' --context "my hub" | cat`
	want := "  joinctl token list \\\n      -o jsonpath='{.items[*].id} {\"x  y\"}' \\\n      --context \"my hub\" | cat"
	if got := wrapCommands(quoted, 45); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTextIsWrappedByParagraphsAndRows(t *testing.T) {
	t.Parallel()
	const text = "one two\nthree four\n\nfive\n  0  all is done, and\n  130  interrupted by a signal\n  a line that is indented and long\n\tkept as it is, whatever it is\nlonger-than-a-line-can-be six"
	const want = "one two three four\n\nfive\n  0  all is done,\n     and\n  130  interrupted\n       by a signal\n  a line that is\n  indented and long\n    kept as it is, whatever it is\nlonger-than-a-line-can-be\nsix"
	if got := wrap(text, 20); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
