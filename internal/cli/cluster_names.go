// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/terminal"
	"github.com/joinctl/joinctl/internal/token"
)

// clusterNames are the clusters that join, each with a token of its own.
type clusterNames struct {
	given []string
	file  string // with more of them; "": none
}

func (c *clusterNames) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	all := func(words []string) ([]string, error) { return words, nil } // bad names are reported together later
	listVar(flags, &c.given, "for", "name", "name of a cluster that joins: it gets a token of its own (repeatable, or a list)", all)
	flags.StringVar(&c.file, "for-file", "", "file with one such name per line, or - for standard input; # begins a comment")
}

// any reports whether tokens are for clusters at all.
func (c *clusterNames) any() bool { return len(c.given) > 0 || c.file != "" }

// many reports whether the command line can mean several clusters, however many there are.
func (c *clusterNames) many() bool { return len(c.given) > 1 || c.file != "" }

// read returns the clusters, each once, in the order in which they are named. An error lists every bad name, and is a
// *failure.ConfigError.
func (c *clusterNames) read(env *Env, t *terminal.Terminal) ([]string, error) {
	if !c.any() {
		return nil, nil
	}
	var names, bad []string
	add := func(word, where string) {
		name, err := join.ParseClusterName(word)
		if err != nil {
			bad = append(bad, badName(word)+where)
			return
		}
		names = append(names, string(name))
	}
	for _, word := range c.given {
		add(word, "")
	}
	if c.file != "" {
		lines, err := readNames(env, c.file)
		if err != nil {
			return nil, &failure.ConfigError{Err: err}
		}
		for i, word := range lines {
			add(word, fmt.Sprintf(" (name %d of the file)", i+1))
		}
	}
	switch _, rule := join.ParseClusterName(""); {
	case len(bad) > 0:
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("not the names of clusters, %d of %d: %s", len(bad), len(bad)+len(names), failure.Few(bad)),
			Hint: rule.Error(),
		}
	case len(names) == 0:
		return nil, &failure.ConfigError{Err: errors.New("--for-file names no cluster")}
	}
	return distinct(t, names), nil
}

// badName shows a word that is no name, unless it can be a credential.
func badName(word string) string {
	switch {
	case token.LooksLike(word):
		return "one that may be a token"
	case len(word) > join.MaxClusterName: // as JWTs and keys are
		return fmt.Sprintf("one of %d characters", len(word))
	}
	return fmt.Sprintf("%q", word)
}

// distinct returns names without repetitions, and reports those.
func distinct(t *terminal.Terminal, names []string) []string {
	seen := map[string]bool{}
	var out, repeated []string
	for _, name := range names {
		if seen[name] {
			repeated = append(repeated, name)
			continue
		}
		seen[name] = true
		out = append(out, name)
	}
	if len(repeated) > 0 {
		t.Info("named more than once, and used once: %s", failure.Quoted(repeated))
	}
	return out
}
