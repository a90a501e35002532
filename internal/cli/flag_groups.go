// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The groups of flags. A group is declared where its flags are: newFlagGroup, the flags, addFlagGroup. The flags of a
// command that are in no group are its own.
const (
	joinCommandGroup = "Join command"
	publicationGroup = "Publication"
	outputGroup      = "Output"
	selectionGroup   = "Selection"
	connectionGroup  = "Connection and identity"
	runGroup         = "Run"
	loggingGroup     = "Logging"
	profileGroup     = "Profile of joinctl itself"
)

// helpGroups are the groups that the help of a command shows, in their order, after its own flags.
func helpGroups() []string {
	return []string{joinCommandGroup, publicationGroup, outputGroup, selectionGroup}
}

// optionGroups are the groups that joinctl options lists, in their order.
func optionGroups() []string {
	return []string{selectionGroup, connectionGroup, runGroup, loggingGroup, profileGroup}
}

// newFlagGroup returns an empty group of flags.
func newFlagGroup(title string) *pflag.FlagSet {
	group := pflag.NewFlagSet(title, pflag.ContinueOnError)
	group.SortFlags = false // nobody reads their order here
	return group
}

const groupAnnotation = "joinctl.io/group"

// addFlagGroup adds the flags of a group to those of a command.
func addFlagGroup(flags, group *pflag.FlagSet) {
	group.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[groupAnnotation] = []string{group.Name()}
		flags.AddFlag(f)
	})
}

// groupOf returns the title of a flag's group, "" for none.
func groupOf(f *pflag.Flag) string {
	if title := f.Annotations[groupAnnotation]; len(title) > 0 {
		return title[0]
	}
	return ""
}

// selectsNothing is the annotation of commands that read no kubeconfig: they take the flags that select control planes, as
// every command does, and help does not show those.
const selectsNothing = "joinctl.io/selects-nothing"

// shownFlags returns the flags that the help of a command shows, by the title of their group, each group in alphabetical
// order.
func shownFlags(c *cobra.Command) map[string][]*pflag.Flag {
	groups := map[string][]*pflag.Flag{}
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			groups[groupOf(f)] = append(groups[groupOf(f)], f)
		}
	}
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" { // known to whoever reads this
			add(f)
		}
	})
	if c.Annotations[selectsNothing] == "" && !c.HasSubCommands() {
		c.InheritedFlags().VisitAll(add)
	}
	for _, flags := range groups {
		slices.SortFunc(flags, func(a, b *pflag.Flag) int { return cmp.Compare(a.Name, b.Name) })
	}
	return groups
}

// listedFlags returns the flags that joinctl options lists, by the title of their group: those that every command takes, and
// those that the help of a command leaves out.
func listedFlags(root *cobra.Command) map[string][]*pflag.Flag {
	groups := map[string][]*pflag.Flag{}
	add := func(f *pflag.Flag) {
		same := func(other *pflag.Flag) bool { return other.Name == f.Name }
		if group := groupOf(f); !f.Hidden && !slices.ContainsFunc(groups[group], same) {
			groups[group] = append(groups[group], f)
		}
	}
	root.PersistentFlags().VisitAll(add)
	eachSubcommand(root, func(c *cobra.Command) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if groupOf(f) == profileGroup {
				add(f)
			}
		})
	})
	return groups
}
