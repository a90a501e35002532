// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/session"
)

// newRoot returns the command tree. started is called when the work of a command begins: every error before is a usage
// error.
func newRoot(env *Env, s *session.Session, started func()) *cobra.Command {
	root := &cobra.Command{
		Use:   "joinctl",
		Short: "Manage the tokens with which clusters join Karmada, and nodes join kubeadm clusters",
		Long: `Manage the credentials with which clusters join a Karmada or kubeadm control plane: bootstrap tokens, the join commands that
carry them, and tokens of ServiceAccounts, for one control plane or a thousand.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetGlobalNormalizationFunc(normalizeFlag)
	setHelp(root, env)

	flags := root.PersistentFlags()
	var selected selectionFlags
	selected.register(flags, s)
	registerConnection(flags, s)
	run := registerRun(flags, s)
	logs := registerLogging(flags)
	registerColor(flags, env)
	var version versionFlag
	version.add(flags, env, s)

	addCommands(root, "Tokens", newToken(env, s))
	addCommands(root, "Joining", newCheck(env, s), newCAHash(env, s), newDoctor(env, s), newSetup(env, s))
	addCommands(root, "ServiceAccounts", newSA(env, s))
	addCommands(root, "Fleet", newContexts(env, s))
	addCommands(root, "Other", newExplain(env), newOptions(env), newVersion(env))
	addCobraCommands(root, "Other")
	addTopics(root)
	if rename := renameCommands(root, env.displayName()); rename != nil {
		s.Terminal.Rename(rename)
	}
	eachSubcommand(root, func(c *cobra.Command) {
		refuseUnknownWords(c)
		refuseTokenNames(c)
		preRun(c, func() error { return flagGroupError(c) })
		preRun(c, func() error { return selected.check(env, s, c.Flags()) })
		preRun(c, func() error { return logs.check(c.Flags(), s) })
		wrapUsageErrors(c)
		version.end(c, env)
		aroundRun(c, func() (end func()) {
			started()
			ctx, cancel := run.limit(c.Context())
			c.SetContext(ctx)
			flush := logs.start(c.Flags(), s.Terminal)
			return func() { flush(); cancel() }
		})
	})
	return root
}

// addCommands adds commands under a title of the help.
func addCommands(root *cobra.Command, group string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: group, Title: group})
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// addCobraCommands adds completion and help to a group.
func addCobraCommands(root *cobra.Command, group string) {
	root.SetCompletionCommandGroupID(group)
	root.SetHelpCommandGroupID(group)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" || c.Name() == "help" {
			eachSubcommand(c, func(c *cobra.Command) { c.Annotations = map[string]string{selectsNothing: "true"} })
		}
	}
}

// eachSubcommand visits a command and all commands below it.
func eachSubcommand(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		eachSubcommand(sub, visit)
	}
}

// normalizeFlag accepts underscores for dashes, and karmadactl's name for --context.
func normalizeFlag(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	if name == "karmada-context" {
		name = "context"
	}
	return pflag.NormalizedName(name)
}

// refuseUnknownWords makes a group of commands, and help, refuse a word that is no command: cobra prints help and
// succeeds.
func refuseUnknownWords(c *cobra.Command) {
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

// preRun adds a check of the flags together. An error is a usage error.
func preRun(c *cobra.Command, check func() error) {
	earlier := c.PreRunE
	c.PreRunE = func(cmd *cobra.Command, args []string) error {
		if earlier != nil {
			if err := earlier(cmd, args); err != nil {
				return err
			}
		}
		if err := check(); err != nil {
			return &usageError{err, cmd.CommandPath()}
		}
		return nil
	}
}

// wrapUsageErrors makes a usage error of everything that is wrong with arguments.
func wrapUsageErrors(c *cobra.Command) {
	parse := c.Args
	if parse == nil {
		return
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		err := parse(cmd, args)
		if usage := (*usageError)(nil); err == nil || errors.As(err, &usage) {
			return err
		}
		return &usageError{err, cmd.CommandPath()}
	}
}

// aroundRun calls begin when the work of a command begins, and what it returned when the work is over.
func aroundRun(c *cobra.Command, begin func() (end func())) {
	if body := c.RunE; body != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			defer begin()()
			return body(cmd, args)
		}
	}
}
