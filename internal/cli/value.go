// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
)

// A value is a flag whose text a function reads, for what pflag's own types and TextVar cannot do: parsers that need more
// than one occurrence, and settings that are no type of the domain.
type value struct {
	kind string        // what help calls the value
	get  func() string // the default, for help
	set  func(string) error
}

func (v *value) Set(s string) error { return v.set(s) }
func (v *value) String() string {
	if v.get == nil {
		return ""
	}
	return v.get()
}
func (v *value) Type() string { return v.kind }

// A repeatable is a value whose flag can be given several times. Completion offers the flag again.
type repeatable struct{ *value }

// GetSlice marks the flag for cobra as one that takes several values. Nothing reads them here.
func (repeatable) GetSlice() []string { return nil }

// listVar adds a flag that can be repeated and takes commas. The first occurrence replaces the default. parse checks all
// values together.
func listVar(flags *pflag.FlagSet, list *[]string, name, kind, usage string, parse func([]string) ([]string, error)) {
	given := false
	flags.Var(repeatable{&value{
		kind: kind,
		get:  func() string { return strings.Join(*list, ",") },
		set: func(s string) error {
			all := slices.Clone(*list)
			if !given {
				all = nil
			}
			for item := range strings.SplitSeq(s, ",") {
				all = append(all, strings.TrimSpace(item))
			}
			parsed, err := parse(all)
			if err == nil {
				given, *list = true, parsed
			}
			return err
		},
	}}, name, usage)
}

// withoutEmpty makes a parser of lists in which empty items do not count.
func withoutEmpty(parse func([]string) ([]string, error)) func([]string) ([]string, error) {
	return func(items []string) ([]string, error) {
		return parse(slices.DeleteFunc(items, func(item string) bool { return item == "" }))
	}
}

// choiceVar adds a flag that takes one word out of a few.
func choiceVar[T ~string](flags *pflag.FlagSet, chosen *T, name, usage string, choices ...T) {
	flags.Var(&value{
		kind: "word",
		get:  func() string { return string(*chosen) },
		set: func(s string) error {
			if !slices.Contains(choices, T(s)) {
				return errors.New("must be one of: " + joinWords(choices))
			}
			*chosen = T(s)
			return nil
		},
	}, name, usage)
	declareChoices(flags, name, choices...)
}

func joinWords[T ~string](words []T) string { return strings.Join(texts(words), ", ") }

// timeoutVar adds a flag for a duration, or a bare number of seconds, as kubectl has it.
func timeoutVar(flags *pflag.FlagSet, d *time.Duration, name, usage string) {
	flags.Var(&value{
		kind: "duration",
		get:  func() string { return d.String() },
		set: func(s string) error {
			parsed, err := clientcmd.ParseTimeout(s)
			if err != nil || parsed < 0 {
				return errors.New("must be a duration such as 15s, or 0 for no limit")
			}
			*d = parsed
			return nil
		},
	}, name, usage)
}

// countVar adds a flag for a number of things; help shows no default of 0.
func countVar(flags *pflag.FlagSet, n *int, name, usage string) {
	const most = 100_000
	flags.Var(&value{
		kind: "number",
		get:  func() string { return strconv.Itoa(*n) },
		set: func(s string) error {
			parsed, err := strconv.Atoi(s)
			if err != nil || strconv.Itoa(parsed) != s || parsed < 1 || parsed > most {
				return fmt.Errorf("must be a number from 1 to %d", most)
			}
			*n = parsed
			return nil
		},
	}, name, usage)
}
