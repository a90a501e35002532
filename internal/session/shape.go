// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"
	"unicode"
)

// A shape is the words of a message without what differs from target to target: names in quotes, addresses, numbers.
type shape []string

const variable = "*" // a part of a message that differs from target to target

func shapeOf(err error) shape {
	parts := strings.Split(err.Error(), `"`)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = variable
	}
	var out shape
	for word := range strings.FieldsSeq(strings.Join(parts, "")) {
		word = strings.Trim(word, ".,:;()[]")
		if strings.ContainsFunc(word, notInWords) {
			word = variable
		}
		if word == variable && len(out) > 0 && out[len(out)-1] == variable {
			continue // a list of names is as good as one name
		}
		out = append(out, word)
	}
	return out
}

func notInWords(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' }

// matches reports whether two messages have more than two thirds of their words in common, in the same places. The rest
// is names without quotes, such as token IDs.
func (s shape) matches(other shape) bool {
	if len(s) != len(other) {
		return false
	}
	same := 0
	for i := range s {
		if s[i] == other[i] {
			same++
		}
	}
	return 3*same > 2*len(s) || len(s) == 0
}
