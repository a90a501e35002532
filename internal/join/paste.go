// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Paste parses a join command in the form that people paste: with sudo, variables or a prompt before the program, and
// with any flag that the joiner has. Bad values become faults of the Attempt. It returns an error for words that are no
// join command; no error contains one of the words.
func Paste(words []string) (Attempt, error) {
	joiner, words, err := program(words)
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{Command: Command{Joiner: joiner.Joiner}}
	var endpoints []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			endpoints, words = append(endpoints, words...), nil
			continue
		}
		if len(word) < 2 || word[0] != '-' {
			endpoints = append(endpoints, word)
			continue
		}
		flag, value, inline := strings.Cut(word, "=")
		flag = strings.ReplaceAll(flag, "_", "-")
		if long, ok := joiner.flag(flag); ok { // replaces a shorthand
			flag = "--" + long.Name
		}
		switch {
		case inline:
		case joiner.isSwitch(flag):
			value = "true"
		case len(words) == 0:
			return Attempt{}, errors.New("the last flag of the join command has no value")
		default:
			value, words = words[0], words[1:]
		}
		if !a.Set(flag, value) {
			return Attempt{}, fmt.Errorf("the join command has a flag that %s does not", joiner.Program())
		}
	}
	if len(endpoints) > 1 {
		return Attempt{}, fmt.Errorf("a join command has one ENDPOINT, and this one has %d", len(endpoints))
	}
	if len(endpoints) == 1 {
		a.SetEndpoint(endpoints[0])
	}
	return a, nil
}

// program finds the joiner that a command runs, and returns the words after its name.
func program(words []string) (Description, []string, error) {
	for len(words) > 0 && isPrefix(words[0]) {
		words = words[1:]
	}
	if len(words) > 0 {
		words = append([]string{path.Base(words[0])}, words[1:]...)
	}
	var known []string
	for _, joiner := range descriptions() {
		for _, command := range append([][]string{joiner.Command}, joiner.Aliases...) {
			if len(words) >= len(command) && slices.Equal(words[:len(command)], command) {
				return joiner, words[len(command):], nil
			}
			known = append(known, strings.Join(command, " "))
		}
	}
	last := len(known) - 1
	return Description{}, nil, fmt.Errorf("a join command is %s or %s, followed by its arguments", strings.Join(known[:last], ", "), known[last])
}

// isPrefix reports whether a word can come before the program: a prompt, sudo, a switch of sudo, or a variable.
func isPrefix(word string) bool {
	name, _, assigns := strings.Cut(word, "=")
	return slices.Contains([]string{"$", "#", "sudo"}, word) || strings.HasPrefix(word, "-") || assigns && !strings.ContainsAny(name, "/.-")
}
