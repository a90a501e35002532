// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Paste reads the words of a join command as people paste it: karmadactl register, kubectl karmada register or kubeadm
// join, with sudo, variables or a prompt in front, and any flag that the joiner has. Bad values become faults of the
// Attempt; an error means that this is no join command. No error contains a word of it.
func Paste(words []string) (Attempt, error) {
	joiner, words, err := program(words)
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{Command: Command{Joiner: joiner}}
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
		if long, ok := joiner.other(flag); ok { // of -n too
			flag = "--" + long.Name
		}
		switch takes := !joiner.isSwitch(flag); {
		case inline:
		case !takes:
			value = "true"
		case len(words) == 0:
			return Attempt{}, errors.New("the last flag of the join command has no value")
		default:
			value, words = words[0], words[1:]
		}
		if !a.Set(flag, value) {
			return Attempt{}, fmt.Errorf("the join command has a flag that %s does not", strings.Join(joiner.argv(), " "))
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

func (j Joiner) isSwitch(flag string) bool {
	known, _ := j.other(flag)
	return flag == flagSkipCA || known.Switch
}

// program takes what a command begins with off its words, and returns the joiner that is run.
func program(words []string) (Joiner, []string, error) {
	for len(words) > 0 && isPrefix(words[0]) {
		words = words[1:]
	}
	if len(words) > 0 {
		words = append([]string{path.Base(words[0])}, words[1:]...)
	}
	switch {
	case len(words) > 1 && slices.Equal(words[:2], []string{"kubectl", "karmada"}):
		words = append([]string{"karmadactl"}, words[2:]...)
	case len(words) > 0 && words[0] == "kubectl-karmada":
		words[0] = "karmadactl"
	}
	for _, joiner := range []Joiner{Karmada, Kubeadm} {
		if argv := joiner.argv(); len(words) >= len(argv) && slices.Equal(words[:len(argv)], argv) {
			return joiner, words[len(argv):], nil
		}
	}
	return "", nil, errors.New("a join command is karmadactl register, kubectl karmada register or kubeadm join, with what follows")
}

// isPrefix knows what may stand in front of a command: a prompt, sudo with its switches, and variables.
func isPrefix(word string) bool {
	name, _, assigns := strings.Cut(word, "=")
	return slices.Contains([]string{"$", "#", "sudo"}, word) || strings.HasPrefix(word, "-") || assigns && !strings.ContainsAny(name, "/.-")
}
