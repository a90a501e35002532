// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Control sequences for the one line that is written again and again (ECMA-48).
const (
	toStart   = "\r"
	clearRest = "\x1b[K"
)

// Progress shows a line in place of the one before, cut to the width of the terminal; "" removes it. It writes nothing
// where stderr is no terminal.
func (t *Terminal) Progress(line string) {
	if line != "" {
		line = cut(t.clean(line), t.columns())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hidden || line == t.progress {
		return
	}
	_, _ = io.WriteString(t.streams.Err, toStart+line+clearRest)
	t.progress = line
}

// columns returns how long a progress line can be, 0 for unknown.
func (t *Terminal) columns() int {
	if t.streams.Width == nil {
		return 0
	}
	all := t.streams.Width()
	if all > 1 {
		return all - 1 // in the last column some terminals wrap
	}
	return all
}

// cut returns the part of a line that fits into so many columns, with an ellipsis where it is not all; 0 columns and
// less are unknown, and cut nothing.
func cut(line string, columns int) string {
	if columns <= 0 {
		return line
	}
	used, end := 0, 0 // end: where the line has to be cut, should it be too long
	for i, r := range line {
		if used += cells(r); used > columns {
			return line[:end] + "…"
		}
		if used < columns {
			end = i + len(string(r))
		}
	}
	return line
}

// Shorten returns a name of at most so many characters, with an ellipsis where it is not all.
func Shorten(name string, most int) string {
	if runes := []rune(name); len(runes) > most {
		return strings.TrimRightFunc(string(runes[:most-1]), unicode.IsSpace) + "…"
	}
	return name
}

// cells returns how many columns of a terminal a character takes (Unicode Standard Annex 11).
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
		return 2
	}
	return 1
}
