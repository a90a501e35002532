// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Width returns how many columns of a terminal text takes. A character that people see as one, such as a flag or a family,
// counts as one (Unicode Standard Annexes 11 and 29).
func Width(text string) int { return displaywidth.String(text) }

// Cut returns text if it fits into so many columns, else its beginning with an ellipsis. 0 columns and less are unknown, and
// cut nothing.
func Cut(text string, columns int) string {
	if columns <= 0 || Width(text) <= columns {
		return text
	}
	return displaywidth.TruncateString(text, columns, "…")
}

// wrap breaks text at its spaces into lines of so many columns. A longer word, such as a hash or an address, stays whole, so
// that it can be copied. 0 columns and less break nothing.
func wrap(text string, columns int) []string {
	if columns <= 0 {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		width := Width(word)
		switch {
		case line == "":
			line, used = word, width
		case used+1+width <= columns:
			line, used = line+" "+word, used+1+width
		default:
			lines = append(lines, line)
			line, used = word, width
		}
	}
	return append(lines, line)
}
