// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"strings"
)

// Split splits a simple command into words as a POSIX shell does, continued lines included. It takes other line breaks for
// white space: terminals and mail programs add them. It returns an error for expansions, redirections and several
// commands; no error contains a word.
func Split(line string) ([]string, error) {
	s := &splitter{line: strings.ReplaceAll(line, "\r\n", "\n")}
	for s.next < len(s.line) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	if s.quote != 0 {
		return nil, errors.New("the command has a quote that is not closed")
	}
	s.endWord()
	return s.words, nil
}

// A splitter is a line of which a part is split.
type splitter struct {
	line  string
	next  int // the byte to read next
	words []string
	word  strings.Builder
	began bool // a word has begun, though it may still be empty
	quote byte // that is open, or 0
}

// step reads one character, or two after a backslash.
func (s *splitter) step() error {
	c := s.line[s.next]
	s.next++
	switch {
	case s.quote == '\'' && c != '\'', s.quote == '"' && strings.IndexByte("\"\\$`", c) < 0:
		s.word.WriteByte(c)
	case s.quote != 0 && c == s.quote:
		s.quote = 0
	case c == '\'' || c == '"':
		s.quote, s.began = c, true
	case c == '\\':
		return s.escape()
	case c == '`', c == '$' && (s.quote != 0 || s.next < len(s.line) && s.line[s.next] != ' '):
		return errors.New("the command contains what a shell would expand: give it in its expanded form")
	case strings.IndexByte("|&;<>()", c) >= 0:
		return errors.New("this is more than one simple command")
	case strings.IndexByte(" \t\n", c) >= 0:
		s.endWord()
	default:
		s.word.WriteByte(c)
		s.began = true
	}
	return nil
}

// escape reads the character after a backslash. A backslash at the end of a line continues it.
func (s *splitter) escape() error {
	if s.next == len(s.line) {
		return errors.New("the command ends with a backslash")
	}
	c := s.line[s.next]
	s.next++
	if s.quote == '"' && strings.IndexByte("\"\\$`\n", c) < 0 {
		s.word.WriteByte('\\')
	}
	if c != '\n' {
		s.word.WriteByte(c)
		s.began = true
	}
	return nil
}

func (s *splitter) endWord() {
	if s.began {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.began = false
}
