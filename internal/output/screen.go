// SPDX-License-Identifier: Apache-2.0

package output

import "io"

// A Screen is a writer on which people may read. Only tables differ on it: documents, names and metrics do not.
type Screen struct {
	io.Writer
	Columns func() int  // of the terminal; 0: unknown, or no terminal; nil: unknown
	Color   func() bool // whether to print colours; nil: no
}

// A Tone says how good what a cell shows is.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Good
	Doubtful
	Bad
)

// paint returns text in the colour of a tone. This is the palette of the program: the standard colours of a terminal (ECMA-48,
// SGR), which follow the theme of its user.
func (t Tone) paint(text string) string {
	color := map[Tone]string{Good: "32", Doubtful: "33", Bad: "31"}[t] // green, yellow, red
	if color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// layoutOf returns how tables are laid out on a writer.
func layoutOf(w io.Writer) *layout {
	screen, ok := w.(*Screen)
	if !ok {
		return &layout{}
	}
	l := &layout{color: screen.Color != nil && screen.Color()}
	if screen.Columns != nil {
		l.columns = screen.Columns()
	}
	return l
}
