// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
)

// selectionFlags say which control planes are meant.
type selectionFlags struct {
	file string // with more contexts
}

func (f *selectionFlags) register(persistent *pflag.FlagSet, s *session.Session) {
	flags, selection := newFlagGroup(selectionGroup), &s.Selection
	flags.StringArrayVar(&selection.Contexts, "context", nil, "context of the kubeconfig to use, in place of its current one (repeatable); --karmada-context means the same")
	patternVar(flags, &selection.Include, "contexts", "contexts to use: a glob over the whole name, or /RE2/ (repeatable)")
	patternVar(flags, &selection.Exclude, "exclude-contexts", "contexts to leave out: a glob or /RE2/ (repeatable)")
	flags.BoolVar(&selection.All, "all-contexts", false, "use all contexts of the kubeconfig")
	flags.StringVar(&f.file, "contexts-file", "", "file with one context to use per line, or - for standard input; # begins a comment")
	flags.TextVar(&selection.Shard, "shard", fleet.Shard{}, "use part `I/N` of the selection, I from 0 to N-1; all parts together are the whole")
	addFlagGroup(persistent, flags)
}

func patternVar(flags *pflag.FlagSet, patterns *[]fleet.Pattern, name, usage string) {
	flags.Var(repeatable{&value{kind: "pattern", set: func(s string) error {
		pattern, err := fleet.ParsePattern(s)
		if err == nil {
			*patterns = append(*patterns, pattern)
		}
		return err
	}}}, name, usage)
}

// check reads the file of contexts, and refuses flags about one server together with a selection of many.
func (f *selectionFlags) check(env *Env, s *session.Session, flags *pflag.FlagSet) error {
	if f.file != "" {
		names, err := readNames(env, f.file)
		if err == nil && len(names) == 0 {
			err = errors.New("it names no context")
		}
		if err != nil {
			return fmt.Errorf("--contexts-file: %w", err)
		}
		s.FromFile = true
		s.Selection.Contexts = append(names, s.Selection.Contexts...)
	}
	if !s.ManyContexts() {
		return nil
	}
	for _, name := range oneServerFlags() {
		if flags.Changed(name) {
			return fmt.Errorf("--%s is about one server or one identity, and does not go with a selection of many contexts", name)
		}
	}
	return nil
}

// oneServerFlags are the flags that override the server or the identity of a context.
func oneServerFlags() []string {
	return []string{
		clientcmd.FlagAPIServer, clientcmd.FlagCAFile, clientcmd.FlagTLSServerName, clientcmd.FlagProxyURL, clientcmd.FlagClusterName,
		clientcmd.FlagAuthInfoName, clientcmd.FlagBearerToken, clientcmd.FlagCertFile, clientcmd.FlagKeyFile,
		clientcmd.FlagUsername, clientcmd.FlagPassword,
	}
}

// addMembers adds the flags for members of a Karmada control plane.
func addMembers(cmd *cobra.Command, s *session.Session) {
	flags, members := newFlagGroup(selectionGroup), &s.Members
	flags.BoolVar(&members.All, "members", false, "act in the member clusters of the Karmada control plane, through it")
	selectorVar(flags, &members.Selector, "with --members: only members whose Cluster object matches this label selector")
	addFlagGroup(cmd.Flags(), flags)
	addMemberNames(cmd, s)
	preRun(cmd, func() error {
		switch {
		case members.All && len(members.Names) > 0:
			return errors.New("--members means all members, and goes without --member")
		case members.Selector != "" && !members.All:
			return errors.New("--selector goes with --members")
		}
		return nil
	})
}

// addMemberNames adds the flag for members by name.
func addMemberNames(cmd *cobra.Command, s *session.Session) {
	flags := newFlagGroup(selectionGroup)
	listVar(flags, &s.Members.Names, "member", "name", "act in this member cluster of the Karmada control plane, through it (repeatable, or a list)", parseClusterNames)
	addFlagGroup(cmd.Flags(), flags)
}

// selectorVar adds --selector, a label selector as the server takes it.
func selectorVar(flags *pflag.FlagSet, selector *string, usage string) {
	flags.VarP(&value{kind: "selector", set: func(s string) error {
		if _, err := labels.Parse(s); err != nil {
			return fmt.Errorf("must be a label selector: %w", err)
		}
		*selector = s
		return nil
	}}, "selector", "l", usage)
}

// parseClusterNames checks names of clusters, and returns each once.
func parseClusterNames(words []string) ([]string, error) {
	seen := map[string]bool{}
	var names []string
	for _, word := range words {
		name, err := join.ParseClusterName(word)
		if err != nil {
			return nil, err
		}
		if !seen[string(name)] {
			seen[string(name)] = true
			names = append(names, string(name))
		}
	}
	return names, nil
}
