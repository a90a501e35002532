// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/kubectl/pkg/config"

	"github.com/joinctl/joinctl/internal/kuberc"
	"github.com/joinctl/joinctl/internal/session"
)

// A KubercEnvironment is what the environment says about kubectl's preferences file.
type KubercEnvironment = kuberc.Environment

const kubercFlag = "kuberc"

// addKuberc gives sa token the flag --kuberc, and the defaults that kubectl's preferences file sets for kubectl create token.
// They are set before arguments are parsed and flags are checked, like flags that were typed.
func addKuberc(cmd *cobra.Command, env *Env, s *session.Session) {
	path := cmd.Flags().String(kubercFlag, "", "kubectl's preferences `file`, with defaults and aliases for create token (default: KUBERC, else ~/.kube/kuberc; KUBERC=off: none)")
	parse := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		preferences := env.preferences // of the alias that was typed
		if preferences == nil {
			var err error
			if preferences, err = loadKuberc(env, s, *path); err != nil {
				return err
			}
		}
		s.PluginPolicy = preferences.Plugins
		if err := setDefaults(cmd.Flags(), s, preferences); err != nil {
			return err
		}
		return parse(cmd, args)
	}
}

// loadKuberc reads the preferences file, and warns of its mistakes.
func loadKuberc(env *Env, s *session.Session, path string) (*kuberc.Preferences, error) {
	preferences, err := env.Kuberc.Load(env.stop, path)
	if err != nil {
		return nil, err
	}
	if preferences.Warning != "" {
		s.Terminal.Warn("%s; KUBERC=off reads no preferences", preferences.Warning)
	}
	if preferences.Path != "" {
		s.Inputs = append(s.Inputs, preferences.Path)
	}
	return preferences, nil
}

// setDefaults sets the flags that were not typed, and says which.
func setDefaults(flags *pflag.FlagSet, s *session.Session, preferences *kuberc.Preferences) error {
	typed := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { typed[f.Name] = true })
	// One context is no default for a command line that selects others.
	selects := func(name string) bool { return typed[name] }
	typed["context"] = slices.ContainsFunc(contextFlags(), selects)

	var set []string
	for _, option := range preferences.Options {
		flag := flags.Lookup(option.Name)
		if flag == nil {
			return fmt.Errorf("kubectl's preferences in %s: %s has no option %q", preferences.Path, kuberc.Command, option.Name)
		}
		if typed[flag.Name] {
			continue
		}
		if err := setDefault(flags, flag, option.Default); err != nil {
			return fmt.Errorf("kubectl's preferences in %s: %w", preferences.Path, err)
		}
		if name := "--" + flag.Name; !slices.Contains(set, name) {
			set = append(set, name)
		}
	}
	if len(set) > 0 {
		s.Terminal.Info("kubectl's preferences in %s set %s; KUBERC=off reads no preferences", preferences.Path, strings.Join(set, ", "))
	}
	return nil
}

// setDefault sets a flag. Its error does not repeat a value that may be a credential.
func setDefault(flags *pflag.FlagSet, flag *pflag.Flag, value string) error {
	err := flags.Set(flag.Name, value)
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("--%s: %s", flag.Name, hideValue(invalid.Unwrap().Error(), value))
	}
	if err != nil {
		return err
	}
	return checkTokenName(flag)
}

// contextFlags are the flags that select contexts.
func contextFlags() []string {
	return []string{"context", "contexts", "exclude-contexts", "all-contexts", "contexts-file", "shard"}
}

// expandAlias replaces an alias for kubectl create token, in place of a command that joinctl does not have, by sa token with the
// arguments of the alias. It reads the preferences file only if there is no such command.
func expandAlias(env *Env, s *session.Session, root *cobra.Command, args []string) ([]string, error) {
	at := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	if found, _, err := root.Find(args); err != nil || found != root || at < 0 || strings.HasPrefix(args[at], cobra.ShellCompRequestCmd) {
		return args, nil
	}
	path, err := typedKuberc(args)
	if err != nil {
		return nil, err
	}
	preferences, err := loadKuberc(env, s, path)
	if err != nil {
		return nil, err
	}
	index := slices.IndexFunc(preferences.Aliases, func(alias config.AliasOverride) bool { return alias.Name == args[at] })
	if index < 0 {
		return args, nil
	}
	alias := preferences.Aliases[index]
	preferences.Options = alias.Options
	env.preferences = preferences
	return slices.Concat(args[:at], []string{"sa", "token"}, alias.PrependArgs, args[at+1:], alias.AppendArgs), nil
}

// typedKuberc returns the file that --kuberc names in a command line that is not parsed yet, "" for none.
func typedKuberc(args []string) (string, error) {
	for i, arg := range args {
		name, path, hasValue := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return "", nil
		case name != "--"+kubercFlag:
			continue
		case !hasValue && i+1 < len(args):
			path = args[i+1]
		}
		if path == "" {
			return "", errors.New("--kuberc needs the name of a file")
		}
		return path, checkFileName(path)
	}
	return "", nil
}
