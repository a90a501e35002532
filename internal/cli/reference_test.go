// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const reference = "../../docs/reference"

func testRoot() *cobra.Command {
	env := &Env{In: strings.NewReader("07401b.0123456789abcdef\n"), Out: io.Discard, Err: io.Discard, Now: time.Now}
	root := newRoot(env, newSession(env), func() {})
	root.SetContext(context.Background())
	return root
}

// eachCommand visits every command and topic that users see, groups first.
func eachCommand(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || isTopic(sub) {
			eachCommand(sub, visit)
		}
	}
}

// ours reports whether a command is not one of cobra's own.
func ours(c *cobra.Command) bool { return !strings.Contains(c.CommandPath(), "completion") }

// TestReference compares docs/reference with the commands; -update writes it.
func TestReference(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	pages := map[string]bool{filepath.Clean(documentsPage): true}
	eachCommand(testRoot(), func(c *cobra.Command) {
		if !ours(c) {
			return
		}
		path := filepath.Join(reference, strings.ReplaceAll(c.CommandPath(), " ", "_")+".md")
		pages[path] = true
		want := page(c)
		if update {
			if err := os.MkdirAll(reference, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): make docs writes it", path, err)
		}
	})
	files, err := filepath.Glob(filepath.Join(reference, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !pages[file] {
			t.Errorf("%s is about a command that does not exist", file)
		}
	}
}

// page returns the reference page of a command.
func page(c *cobra.Command) string {
	const columns = 110
	if isTopic(c) {
		return fmt.Sprintf("# joinctl help %s\n\n%s.\n\n```\n%s\n```\n", c.Name(), c.Short, wrap(c.Long, columns))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", c.CommandPath(), c.Short)
	if c.Long != "" {
		fmt.Fprintf(&b, "%s\n\n", c.Long)
	}
	fmt.Fprintf(&b, "```\n%s\n```\n\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(&b, "## Examples\n\n```\n%s\n```\n\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("## Commands\n\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && ours(sub) {
				fmt.Fprintf(&b, "- [%s](%s.md): %s\n", sub.Name(), strings.ReplaceAll(sub.CommandPath(), " ", "_"), sub.Short)
			}
		}
		b.WriteString("\n")
	}
	for i, sub := range slices.DeleteFunc(slices.Clone(c.Commands()), func(sub *cobra.Command) bool { return !isTopic(sub) }) {
		if i == 0 {
			b.WriteString("## Topics\n\n")
		}
		fmt.Fprintf(&b, "- [%s](%s.md): %s\n", sub.Name(), strings.ReplaceAll(sub.CommandPath(), " ", "_"), sub.Short)
	}
	if c.HasHelpSubCommands() {
		b.WriteString("\n")
	}
	sections := helpPage{c, columns}.FlagSections()
	if c.Name() == "options" {
		sections = flagSections(listedFlags(c.Root()), optionGroups(), columns)
	}
	for _, section := range sections {
		fmt.Fprintf(&b, "## %s\n\n```\n%s\n```\n\n", section.Title, section.Text)
	}
	if c.Name() != "options" {
		b.WriteString("Flags of every command: [joinctl options](joinctl_options.md).\n")
	}
	return b.String()
}

func TestHelpSpeaksInOneVoice(t *testing.T) {
	t.Parallel()
	eachCommand(testRoot(), func(c *cobra.Command) {
		if !ours(c) || c.Name() == "help" {
			return
		}
		if c.Short == "" || !unicode.IsUpper(rune(c.Short[0])) || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: Short is %q", c.CommandPath(), c.Short)
		}
		if c.Example == "" && !c.HasSubCommands() && !isTopic(c) {
			t.Errorf("%s has no example", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || unicode.IsUpper(rune(f.Usage[0])) || strings.HasSuffix(f.Usage, ".") && f.Name != "log-file-max-size" {
				t.Errorf("%s --%s: usage is %q", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
}

// TestExamplesParse runs every example up to the point where its work would begin.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	count := 0
	eachCommand(testRoot(), func(c *cobra.Command) {
		if !ours(c) {
			return
		}
		for line := range strings.Lines(c.Example) {
			for command := range strings.SplitSeq(line, " | ") {
				words := shellSplit(t, command)
				if len(words) == 0 || words[0] != "joinctl" {
					t.Errorf("%s: example %q is no joinctl command", c.CommandPath(), line)
					continue
				}
				count++
				if err := parse(words[1:]); err != nil {
					t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
				}
			}
		}
	})
	if count == 0 {
		t.Error("no example was found")
	}
}

// shellSplit has a real shell split a command line.
func shellSplit(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// parse takes a command line as cobra does, without running it.
func parse(args []string) error {
	root := testRoot()
	ran := false
	eachCommand(root, func(c *cobra.Command) {
		if c.RunE != nil {
			c.RunE = func(*cobra.Command, []string) error { ran = true; return nil }
		}
	})
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		return err
	}
	if !ran {
		return fmt.Errorf("no command was found in %q", args)
	}
	return nil
}
