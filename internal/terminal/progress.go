// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"io"
	"strings"
	"unicode"

	"github.com/joinctl/joinctl/internal/output"
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
		line = output.Cut(t.clean(line), t.columns())
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

// Shorten returns a name of at most so many characters, with an ellipsis where it is not all.
func Shorten(name string, most int) string {
	if runes := []rune(name); len(runes) > most {
		return strings.TrimRightFunc(string(runes[:most-1]), unicode.IsSpace) + "…"
	}
	return name
}
