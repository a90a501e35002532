// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/failure"
)

// unknownWord returns an error if a group of commands was given a word that is no command. It also knows the words before a
// flag that could not be read.
func unknownWord(c *cobra.Command) error {
	if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
		return unknownCommand(c, words[0])
	}
	return nil
}

// unknownCommand is the error about a word that is no command of a group.
func unknownCommand(group *cobra.Command, word string) error {
	if group == nil || maybeCredential(word) {
		return &usageError{errors.New("unknown command"), "joinctl"}
	}
	err := fmt.Errorf("unknown command %q for %q", word, group.CommandPath())
	return &usageError{withSimilar(group, err, similarCommands(group, word)), group.CommandPath()}
}

// withSimilar gives an error about something that does not exist a hint with what the operator may mean.
func withSimilar(cmd *cobra.Command, err error, similar []string) error {
	question := didYouMean(similar)
	if question == "" {
		return err
	}
	return &failure.Error{Err: err, Hint: fmt.Sprintf("%s see %s --help", question, cmd.CommandPath())}
}

// similarCommands returns the commands that a word in a group may mean: those that have it as a name, as an alias or in
// SuggestFor, of the group before others, and then the commands of the group with a similar name.
func similarCommands(group *cobra.Command, word string) (paths []string) {
	add := func(path string) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	named := func(c *cobra.Command) bool { return c.Name() == word || c.HasAlias(word) }
	suggested := func(c *cobra.Command) bool { return slices.Contains(c.SuggestFor, word) }
	for _, top := range []*cobra.Command{group, group.Root()} {
		for _, means := range []func(*cobra.Command) bool{named, suggested} {
			eachSubcommand(top, func(c *cobra.Command) {
				if means(c) && c.HasParent() && c.IsAvailableCommand() {
					add(c.CommandPath())
				}
			})
		}
	}
	var names []string
	for _, c := range group.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	for _, name := range similarNames(word, names) {
		add(group.CommandPath() + " " + name)
	}
	return paths
}

// similarFlags returns the flags of a command with a name like a wanted one, or that begins like it.
func similarFlags(cmd *cobra.Command, wanted string) []string {
	var names, beginnings []string
	byBeginning := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			beginning := f.Name[:min(len(f.Name), len(wanted))]
			names, beginnings = append(names, f.Name), append(beginnings, beginning)
			byBeginning[beginning] = f.Name
		}
	})
	var flags []string
	for _, name := range similarNames(wanted, names) {
		flags = append(flags, "--"+name)
	}
	const shortest = 5 // many names have a shorter beginning
	if len(flags) == 0 && len(wanted) >= shortest {
		for _, beginning := range similarNames(wanted, beginnings) {
			flags = append(flags, "--"+byBeginning[beginning])
		}
	}
	return flags
}
