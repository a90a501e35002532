// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"strings"
)

// Split returns the words that a POSIX shell makes of a simple command, over continued lines too, and takes every other
// line break for white space: terminals and mail programs add them. What a shell would expand, redirect or run besides
// is refused. No error contains a word.
func Split(line string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		within bool // a word has begun, though it may still be empty
		quote  byte // that is open, or 0
	)
	line = strings.ReplaceAll(line, "\r\n", "\n")
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && strings.IndexByte("\"\\$`", c) < 0:
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\'' || c == '"':
			quote, within = c, true
		case c == '\\' && i+1 == len(line):
			return nil, errors.New("the command breaks off after a backslash")
		case c == '\\':
			i++
			if quote == '"' && strings.IndexByte("\"\\$`\n", line[i]) < 0 {
				word.WriteByte(c)
			}
			if line[i] != '\n' {
				word.WriteByte(line[i])
				within = true
			}
		case c == '`', c == '$' && (quote != 0 || i+1 < len(line) && line[i+1] != ' '):
			return nil, errors.New("the command holds what a shell would expand: give it as it is after that")
		case strings.IndexByte("|&;<>()", c) >= 0:
			return nil, errors.New("this is more than one simple command")
		case strings.IndexByte(" \t\n", c) >= 0:
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if quote != 0 {
		return nil, errors.New("the command has a quote that is not closed")
	}
	if within {
		words = append(words, word.String())
	}
	return words, nil
}
