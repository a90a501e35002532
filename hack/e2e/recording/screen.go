// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"fmt"
	"regexp"
	"strings"
)

// A cell is a character of the screen with its colour: the parameter of an SGR sequence, such as 32, or "".
type cell struct {
	char   rune
	colour string
}

// control finds what does more than to show a character: an SGR sequence, the sequence that clears the rest of a line, and others.
var control = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)

// lines returns the lines that a terminal shows for an output, broken where they are longer than the terminal is wide.
func lines(output string) ([][]cell, error) {
	var (
		all    [][]cell
		line   []cell
		column int
		colour string
	)
	for rest := output; rest != ""; {
		if sequence := control.FindStringSubmatch(rest); sequence != nil {
			switch sequence[2] {
			case "m":
				colour = strings.Trim(sequence[1], "0;")
			case "K":
				line = line[:min(column, len(line))]
			default:
				return nil, fmt.Errorf("unexpected sequence %q", sequence[0])
			}
			rest = rest[len(sequence[0]):]
			continue
		}
		char := []rune(rest)[0]
		rest = rest[len(string(char)):]
		switch char {
		case '\r':
			column = 0
		case '\n':
			all, line, column = append(all, line), nil, 0
		default:
			if column == columns {
				all, line, column = append(all, line), nil, 0
			}
			line = append(line[:column], cell{char, colour})
			column++
		}
	}
	if len(line) > 0 {
		all = append(all, line)
	}
	return all, nil
}
