// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// addressees are the clusters that tokens are for, each of which joins with one of its own.
type addressees struct {
	given []string
	file  string // with more of them; "" for none
}

func (a *addressees) register(flags *pflag.FlagSet) {
	flags.Var(&namesValue{&a.given}, "for", "name of a member cluster that is to join: it gets a token of its own (repeatable, or a list)")
	flags.StringVar(&a.file, "for-file", "", "file with such a name on each line, or - for standard input; # begins a comment")
}

// any reports whether tokens are for clusters at all.
func (a *addressees) any() bool { return len(a.given) > 0 || a.file != "" }

// many reports whether the command line could mean several, however many there are.
func (a *addressees) many() bool { return len(a.given) > 1 || a.file != "" }

// names returns the clusters, each once, in the order in which they are named. All are checked: an error tells of all
// that are no names, and is a *failure.ConfigError.
func (a *addressees) names(env *Env) ([]string, error) {
	var names, bad []string
	add := func(word, where string) {
		name, err := join.ParseClusterName(word)
		switch {
		case err == nil:
			names = append(names, string(name))
		case token.LooksLike(word):
			bad = append(bad, "one that may be a token"+where)
		case len(word) > join.MaxClusterName: // as JWTs and keys are, which are not repeated
			bad = append(bad, fmt.Sprintf("one of %d characters%s", len(word), where))
		default:
			bad = append(bad, fmt.Sprintf("%q%s", word, where))
		}
	}
	for _, word := range a.given {
		add(word, "")
	}
	if a.file != "" {
		lines, err := readLines(env, a.file)
		if err != nil {
			return nil, &failure.ConfigError{Err: err}
		}
		count := 0
		for _, line := range lines {
			if word, _, _ := strings.Cut(line, "#"); strings.TrimSpace(word) != "" {
				count++
				add(strings.TrimSpace(word), fmt.Sprintf(" (name %d of the file)", count))
			}
		}
	}
	return distinctNames(env, names, bad)
}

// orNobody returns the clusters, or one that is none, where tokens are for nobody in particular.
func (a *addressees) orNobody(env *Env) ([]string, error) {
	if !a.any() {
		return []string{""}, nil
	}
	return a.names(env)
}

// distinctNames refuses what is no name, and leaves out what was there before.
func distinctNames(env *Env, names, bad []string) ([]string, error) {
	if len(bad) > 0 {
		_, rule := join.ParseClusterName("")
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("not the names of clusters, %d of %d: %s", len(bad), len(bad)+len(names), strings.Join(shortly(bad), ", ")),
			Hint: rule.Error(),
		}
	}
	if len(names) == 0 {
		return nil, &failure.ConfigError{Err: errors.New("--for-file names no cluster")}
	}
	seen := map[string]bool{}
	var twice []string
	names = slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		if seen[name] = true; again {
			twice = append(twice, name)
		}
		return again
	})
	if len(twice) > 0 {
		env.say("named more than once, and taken once: %s", strings.Join(briefly(twice), ", "))
	}
	return names, nil
}

// A namesValue is a flag that can be repeated and takes commas, of names that are checked together later.
type namesValue struct{ names *[]string }

func (v *namesValue) Set(s string) error {
	for name := range strings.SplitSeq(s, ",") {
		*v.names = append(*v.names, strings.TrimSpace(name))
	}
	return nil
}

func (v *namesValue) String() string { return "" }
func (v *namesValue) Type() string   { return "name" }
