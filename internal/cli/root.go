// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot returns the command tree. began is called when a command's own work begins: every error before is a usage
// error.
func newRoot(env *Env, began func()) *cobra.Command {
	root := &cobra.Command{
		Use:           "joinctl",
		Short:         "Manage the credentials with which clusters join a multi-cluster control plane",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetGlobalNormalizationFunc(spelling)
	root.SetUsageTemplate(usageTemplate(root.UsageTemplate()))

	conn := &connection{env: env}
	conn.register(root.PersistentFlags())
	logs := &logging{}
	logs.register(root.PersistentFlags())

	root.AddCommand(
		newToken(env, conn),
		newSA(env, conn),
		newCheck(env),
		newCAHash(env, conn),
		newDoctor(env, conn),
		newSetup(env, conn),
		newContexts(env, conn),
		newOptions(env),
		newVersion(env),
	)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	completeContexts(root, conn)
	onFlags(root, conn.onlyOne)
	rejectTypos(root)
	onRun(root, func(cmd *cobra.Command) func() {
		began()
		limited := conn.limit(cmd)
		logged := logs.start(cmd.Flags())
		return func() { logged(); limited() }
	})
	return root
}

// spelling accepts underscores for dashes, and the peers' name for --context.
func spelling(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	if name == "karmada-context" {
		name = "context"
	}
	return pflag.NormalizedName(name)
}

// usageTemplate points to joinctl options where cobra would list some forty flags.
func usageTemplate(standard string) string {
	const begin, end = "{{if .HasAvailableInheritedFlags}}", "{{end}}"
	before, rest, _ := strings.Cut(standard, begin)
	_, after, _ := strings.Cut(rest, end)
	return before + begin + "\n\nUse \"joinctl options\" for the flags that every command takes: connection, identity, logging." + end + after
}

// rejectTypos makes every pure group refuse an unknown word; cobra prints help and succeeds.
func rejectTypos(c *cobra.Command) {
	for _, sub := range c.Commands() {
		rejectTypos(sub)
	}
	if c.HasSubCommands() && !c.Runnable() {
		c.Args = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return nil
		}
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	if c.Name() == "help" {
		c.Args = func(help *cobra.Command, args []string) error {
			if found, rest, err := help.Root().Find(args); err != nil || len(rest) > 0 {
				return unknownCommand(found, args[len(args)-1])
			}
			return nil
		}
	}
}

func unknownCommand(group *cobra.Command, word string) error {
	if group == nil || maybeCredential(word) {
		return &usageError{errors.New("unknown command"), "joinctl"}
	}
	text := fmt.Sprintf("unknown command %q for %q", word, group.CommandPath())
	if near := group.SuggestionsFor(word); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return &usageError{errors.New(text), group.CommandPath()}
}

// onRun calls begin when a command's body begins, and what that returned when it is over. It makes usage errors of all
// that goes wrong with arguments before.
func onRun(c *cobra.Command, begin func(*cobra.Command) (end func())) {
	for _, sub := range c.Commands() {
		onRun(sub, begin)
	}
	if c.SuggestionsMinimumDistance == 0 {
		c.SuggestionsMinimumDistance = 2
	}
	if parse := c.Args; parse != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := parse(cmd, args)
			if usage := (*usageError)(nil); err == nil || errors.As(err, &usage) {
				return err
			}
			return &usageError{err, cmd.CommandPath()}
		}
	}
	if body := c.RunE; body != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			end := begin(cmd)
			defer end()
			return body(cmd, args)
		}
	}
}

// onFlags adds a check of the flags of every command.
func onFlags(c *cobra.Command, check func(*pflag.FlagSet) error) {
	for _, sub := range c.Commands() {
		onFlags(sub, check)
	}
	before(c, func() error { return check(c.Flags()) })
}

// noArgs refuses positional arguments without repeating them: they may be a token.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%s takes no arguments, got %d", cmd.CommandPath(), len(args)), cmd.CommandPath()}
	}
	return nil
}
