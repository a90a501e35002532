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
	for _, check := range []func([]string) error{checkCharacters, checkBlanks, checkBroken} {
		if err := check(words); err != nil {
			return Attempt{}, err
		}
	}
	p := paste{attempt: Attempt{Command: Command{Joiner: joiner.Joiner}}, joiner: joiner, words: words}
	for p.next = len(joiner.Command); p.next < len(words); {
		if err := p.takeWord(); err != nil {
			return Attempt{}, err
		}
	}
	if len(p.endpoints) > 1 {
		return Attempt{}, fmt.Errorf("a join command has one ENDPOINT: words %s are neither flags nor values of flags", positions(p.endpoints))
	}
	if len(p.endpoints) == 1 {
		p.attempt.SetEndpoint(words[p.endpoints[0]-1])
	}
	return p.attempt, nil
}

// A paste is a join command of which a part is parsed.
type paste struct {
	attempt   Attempt
	joiner    Description
	words     []string // the program first
	next      int      // the word to take next
	endpoints []int    // numbers of the words that are neither flags nor their values, counted from 1
	noFlags   bool     // after --
}

// takeWord takes a flag with its value, or an endpoint.
func (p *paste) takeWord() error {
	word := p.words[p.next]
	p.next++
	switch {
	case word == "--" && !p.noFlags:
		p.noFlags = true
		return nil
	case p.noFlags || len(word) < 2 || word[0] != '-':
		p.endpoints = append(p.endpoints, p.next)
		return nil
	}
	number := p.next
	flag, value, inline := strings.Cut(word, "=")
	flag = strings.ReplaceAll(flag, "_", "-")
	if long, ok := p.joiner.flag(flag); ok { // replaces a shorthand
		flag = "--" + long.Name
	}
	switch {
	case inline:
	case p.joiner.isSwitch(flag):
		value = "true"
	case p.next == len(p.words):
		return errors.New("the last flag of the join command has no value")
	default:
		value = p.words[p.next]
		p.next++
	}
	if !p.attempt.Set(flag, value) {
		return fmt.Errorf("word %d of the join command is a flag that %s does not have%s", number, p.joiner.Program(), p.missingBlank(word))
	}
	return nil
}

// missingBlank names the flag that a word begins with, if a blank is missing after it.
func (p *paste) missingBlank(word string) string {
	for _, flag := range slices.Concat(p.joiner.TokenFlags, p.joiner.BearerFlags, []string{flagPin, flagClusterName}) {
		if strings.HasPrefix(word, flag) && !strings.HasPrefix(word, flag+"-") {
			return ": is a blank missing after " + flag + "?"
		}
	}
	return ""
}

// program finds the joiner that a command runs, and returns the command without what comes before the program: a prompt,
// sudo, its switches, variables. The words of the program come first, and flags between them after them.
func program(words []string) (Description, []string, error) {
	var known []string
	for _, joiner := range descriptions() {
		for _, command := range append([][]string{joiner.Command}, joiner.Aliases...) {
			if found := findProgram(words, command); found != nil {
				return joiner, append(slices.Clone(joiner.Command), found...), nil
			}
			known = append(known, strings.Join(command, " "))
		}
	}
	last := len(known) - 1
	return Description{}, nil, fmt.Errorf("a join command is %s or %s, followed by its arguments", strings.Join(known[:last], ", "), known[last])
}

// findProgram returns the words after those of a command, with the flags between those; nil where it is not there.
func findProgram(words, command []string) []string {
	for i, word := range words {
		if strings.TrimSuffix(path.Base(strings.ReplaceAll(word, "\\", "/")), ".exe") != command[0] {
			continue
		}
		rest, flags := words[i+1:], []string{}
		for _, want := range command[1:] {
			for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
				flags, rest = append(flags, rest[0]), rest[1:]
			}
			if len(rest) == 0 || rest[0] != want {
				return nil
			}
			rest = rest[1:]
		}
		return append(flags, rest...)
	}
	return nil
}
