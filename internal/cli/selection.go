// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
)

// selects adds the flags that say which control planes are meant.
func (c *connection) selects(flags *pflag.FlagSet) {
	s := &c.selection
	flags.StringArrayVar(&s.Contexts, "context", nil, "context of the kubeconfig to use, in place of its current one (repeatable); --karmada-context means the same")
	flags.Var(&patternsValue{&s.Include}, "contexts", "contexts to use: a glob over the whole name, or /RE2/ (repeatable)")
	flags.Var(&patternsValue{&s.Exclude}, "exclude-contexts", "contexts to leave out of those: a glob or /RE2/ (repeatable)")
	flags.BoolVar(&s.All, "all-contexts", false, "use all contexts of the kubeconfig")
	flags.StringVar(&c.listed, "contexts-file", "", "file with a context to use on each line, or - for standard input; # begins a comment")
	flags.Var(&s.Shard, "shard", "use part I of N of what is selected, I from 0 to N-1; all parts together are the whole")
}

// several reports whether the command line could mean several control planes. Its answer, and with it the shape of the
// output, does not depend on how many there are.
func (c *connection) several() bool { return c.located || c.listed != "" || !c.selection.IsPlain() }

// many reports whether the command line could mean several targets: control planes, or members of them.
func (c *connection) many() bool { return c.several() || c.members.many() }

// single returns the flags that say how to reach one server, or as whom.
func single() []string {
	return []string{
		clientcmd.FlagAPIServer, clientcmd.FlagCAFile, clientcmd.FlagTLSServerName, clientcmd.FlagProxyURL, clientcmd.FlagClusterName,
		clientcmd.FlagAuthInfoName, clientcmd.FlagBearerToken, clientcmd.FlagCertFile, clientcmd.FlagKeyFile,
		clientcmd.FlagUsername, clientcmd.FlagPassword,
	}
}

// onlyOne refuses flags that are about one server together with a selection of many.
func (c *connection) onlyOne(flags *pflag.FlagSet) error {
	if !c.several() {
		return nil
	}
	for _, name := range single() {
		if flags.Changed(name) {
			return fmt.Errorf("--%s is about one server or one identity, and does not go with a selection of many contexts", name)
		}
	}
	return nil
}

// targets returns the control planes that the operator meant. People are told of contexts that mean the same one.
func (c *connection) targets() ([]fleet.Target, error) {
	if c.selected != nil {
		return c.selected, nil
	}
	kubeconfig, err := c.load()
	if err != nil {
		return nil, err
	}
	selection := c.selection
	if c.listed != "" {
		names, err := readContexts(c.env, c.listed)
		if err != nil {
			return nil, &failure.ConfigError{Err: err}
		}
		selection.Contexts = append(names, selection.Contexts...)
	}
	if c.selected, err = fleet.Select(kubeconfig, selection); err != nil {
		return nil, err
	}
	if !c.quiet {
		c.tellDuplicates()
	}
	return c.selected, nil
}

// readContexts reads names, one per line. What begins with # is a comment.
func readContexts(env *Env, path string) ([]string, error) {
	lines, err := readLines(env, path)
	var names []string
	for _, line := range lines {
		if !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	if err == nil && len(names) == 0 {
		err = errors.New("--contexts-file names no context")
	}
	return names, err
}

// tellDuplicates notes which contexts are passed over, and why.
func (c *connection) tellDuplicates() {
	const most = 5
	told := 0
	for _, target := range c.selected {
		others := target.Duplicates()
		if len(others) == 0 {
			continue
		}
		if told++; told <= most {
			c.env.say("%s: the same control plane as %s, which is used", strings.Join(briefly(others), ", "), described(target))
		}
	}
	if told > most {
		c.env.say("so it is with %d more: joinctl contexts shows all", told-most)
	}
}

// briefly quotes a few names, and counts the rest.
func briefly(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return shortly(quoted)
}

// shortly returns a few texts, and counts the rest.
func shortly(texts []string) []string {
	const most = 5
	if len(texts) <= most {
		return texts
	}
	return append(slices.Clone(texts[:most]), fmt.Sprintf("%d more", len(texts)-most))
}

// completeContexts offers the kubeconfig's contexts to the shell, without touching the network.
func completeContexts(root *cobra.Command, c *connection) {
	_ = root.RegisterFlagCompletionFunc("context", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		kubeconfig, err := c.load()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return kubeconfig.Contexts(), cobra.ShellCompDirectiveNoFileComp
	})
}
