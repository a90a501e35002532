// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageTemplate shows a helpPage.
const usageTemplate = `Usage:
{{.Usage}}{{if .Aliases}}

Aliases:
  {{.NameAndAliases}}{{end}}{{range .CommandSections}}

{{.Title}}:
{{.Text}}{{end}}{{if .HasExample}}

Examples:
{{.Examples}}{{end}}{{with .Topics}}

Topics ({{$.Root.CommandPath}} help TOPIC):
  {{.}}{{end}}{{range .FlagSections}}

{{.Title}}:
{{.Text}}{{end}}

{{.More}}
`

const (
	defaultColumns = 80  // where stdout is no terminal
	mostColumns    = 120 // longer lines are hard to read
	fewestColumns  = 40
)

// helpColumns returns how wide help is: as the terminal, within limits.
func helpColumns(env *Env) int {
	columns := 0
	if env.OutWidth != nil {
		columns = env.OutWidth()
	}
	return min(max(cmp.Or(columns, defaultColumns), fewestColumns), mostColumns)
}

// setHelp gives a command and all below it the help of joinctl.
func setHelp(root *cobra.Command, env *Env) {
	root.SetUsageFunc(func(c *cobra.Command) error {
		usage := template.Must(template.New("usage").Parse(usageTemplate))
		return usage.Execute(c.OutOrStderr(), helpPage{c, helpColumns(env)})
	})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if unknownWord(c) != nil {
			return // Main reports it
		}
		text := wrap(cmp.Or(c.Long, c.Short+"."), helpColumns(env)) + "\n"
		if c.Runnable() || c.HasSubCommands() {
			text += "\n" + c.UsageString()
		}
		_, _ = fmt.Fprint(c.OutOrStdout(), text) // a checkedWriter keeps the error
	})
}

// A helpPage is a command as the usage template shows it.
type helpPage struct {
	*cobra.Command
	columns int
}

// A helpSection is a part of a page with a title.
type helpSection struct{ Title, Text string }

// Usage returns the line of use, with the kinds of arguments below each other where it is too long.
func (p helpPage) Usage() string {
	line := p.UseLine()
	if p.HasAvailableSubCommands() {
		line = p.CommandPath() + " COMMAND"
	}
	return fill("  ", 6, line, p.columns)
}

// Examples returns the examples, to be typed as they are shown.
func (p helpPage) Examples() string { return wrapCommands(p.Example, p.columns) }

// CommandSections returns the subcommands by their groups, those without a group last.
func (p helpPage) CommandSections() []helpSection {
	var sections []helpSection
	for _, group := range append(slices.Clone(p.Groups()), &cobra.Group{Title: "Commands"}) {
		var rows []string
		for _, sub := range p.Commands() {
			if sub.GroupID == group.ID && (sub.IsAvailableCommand() || sub.Name() == "help") {
				rows = append(rows, row("  "+sub.Name(), 2+p.widestName()+2, sub.Short, p.columns))
			}
		}
		if len(rows) > 0 {
			sections = append(sections, helpSection{group.Title, strings.Join(rows, "\n")})
		}
	}
	return sections
}

// Topics returns the names of the pages of help that are about no single command.
func (p helpPage) Topics() string {
	var names []string
	for _, sub := range p.Commands() {
		if isTopic(sub) {
			names = append(names, sub.Name())
		}
	}
	return strings.Join(names, ", ")
}

// widestName returns the length of the longest name of a subcommand.
func (p helpPage) widestName() (widest int) {
	for _, sub := range p.Commands() {
		if !isTopic(sub) {
			widest = max(widest, len(sub.Name()))
		}
	}
	return widest
}

// FlagSections returns the flags of the command itself, and then the groups of flags that help shows.
func (p helpPage) FlagSections() []helpSection {
	shown := shownFlags(p.Command)
	return flagSections(shown, append([]string{""}, helpGroups()...), p.columns)
}

// More returns where to read on.
func (p helpPage) More() string {
	text := fmt.Sprintf("Use \"%s options\" for the flags that every command takes.", p.Root().CommandPath())
	if p.HasAvailableSubCommands() {
		text = fmt.Sprintf("Use \"%s COMMAND --help\" for more about a command.\n\n", p.CommandPath()) + text
	}
	return strings.ReplaceAll(wrap(text, p.columns), "\n\n", "\n")
}

// flagSections returns a section for each of the titled groups that has flags. "" are the flags of a command itself.
func flagSections(groups map[string][]*pflag.Flag, titles []string, columns int) []helpSection {
	const widest = 30 // a flag beyond it has its text on the next line
	second := 0
	for _, title := range titles {
		for _, f := range groups[title] {
			if cell := utf8.RuneCountInString(flagCell(f)); cell <= widest {
				second = max(second, cell+2)
			}
		}
	}
	var sections []helpSection
	for _, title := range titles {
		if flags := groups[title]; len(flags) > 0 {
			rows := make([]string, len(flags))
			for i, f := range flags {
				rows[i] = row(flagCell(f), cmp.Or(second, widest+2), flagText(f), columns)
			}
			sections = append(sections, helpSection{cmp.Or(title, "Flags"), strings.Join(rows, "\n")})
		}
	}
	return sections
}

// flagText shows what a flag is for, with its default.
func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	if slices.Contains([]string{"", "0", "0s", "false", "[]", "<nil>"}, f.DefValue) {
		return text
	}
	value := f.DefValue
	if strings.HasSuffix(value, "m0s") { // a duration
		value = strings.TrimSuffix(strings.TrimSuffix(value, "0s"), "0m")
	}
	return text + " (default " + value + ")"
}

// flagCell shows a flag with its value. A value in brackets can be left out.
func flagCell(f *pflag.Flag) string {
	cell := "      --" + f.Name
	if f.Shorthand != "" {
		cell = "  -" + f.Shorthand + ", --" + f.Name
	}
	kind, _ := pflag.UnquoteUsage(f)
	switch {
	case kind == "":
	case f.NoOptDefVal != "":
		cell += "[=" + kind + "]"
	default:
		cell += " " + strings.TrimSuffix(kind, "Array")
	}
	return cell
}
