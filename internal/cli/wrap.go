// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks a text for people into lines of at most so many columns. The lines of a paragraph are filled anew. A line
// that begins with a space stays a line of its own: a row, the second column of which begins after two spaces.
func wrap(text string, columns int) string {
	var out, paragraph []string
	end := func() {
		if len(paragraph) > 0 {
			out = append(out, fill("", 0, strings.Join(paragraph, " "), columns))
			paragraph = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			end()
			out = append(out, "")
		case line[0] == ' ':
			end()
			out = append(out, wrapRow(line, columns))
		case line[0] == '\t': // cobra's commands
			end()
			out = append(out, "    "+line[1:])
		default:
			paragraph = append(paragraph, line)
		}
	}
	end()
	return strings.Join(out, "\n")
}

// wrapRow breaks a line that begins with a space.
func wrapRow(line string, columns int) string {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	first, second, ok := strings.Cut(text, "  ")
	if !ok {
		return fill(line[:indent], indent, text, columns)
	}
	trimmed := strings.TrimLeft(second, " ")
	gap := 2 + len(second) - len(trimmed)
	return row(line[:indent]+first, indent+utf8.RuneCountInString(first)+gap, trimmed, columns)
}

// row returns two columns, the second of which begins at a column. A first one that is too wide gets a line of its own.
func row(first string, second int, text string, columns int) string {
	if room := second - 2 - utf8.RuneCountInString(first); room >= 0 {
		return fill(first+strings.Repeat(" ", room+2), second, text, columns)
	}
	return first + "\n" + fill(strings.Repeat(" ", second), second, text, columns)
}

// fill breaks a text into lines. The first begins with a text, the others with spaces.
func fill(first string, indent int, text string, columns int) string {
	return fillWords(first, indent, strings.Fields(text), columns, "")
}

// fillWords breaks words into lines, each but the last with an end.
func fillWords(first string, indent int, words []string, columns int, end string) string {
	var out strings.Builder
	line := first
	for i, word := range words {
		room := columns
		if i < len(words)-1 {
			room -= len(end)
		}
		switch {
		case i == 0:
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room:
			out.WriteString(line + end + "\n")
			line = strings.Repeat(" ", indent)
		default:
			line += " "
		}
		line += word
	}
	out.WriteString(line)
	return out.String()
}

// wrapCommands breaks lines with shell commands that are too long, so that a shell reads them as before.
func wrapCommands(text string, columns int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		words := withValues(shellWords(line[indent:]), columns-indent-len("     \\"))
		lines[i] = fillWords(line[:indent], indent+4, words, columns, " \\")
	}
	return strings.Join(lines, "\n")
}

// withValues joins each flag with the word after it where both fit into so many columns.
func withValues(words []string, columns int) []string {
	var out []string
	for _, word := range words {
		last := len(out) - 1
		if last >= 0 && isBareFlag(out[last]) && !isBareFlag(word) && len(out[last])+1+len(word) <= columns {
			out[last] += " " + word
			continue
		}
		out = append(out, word)
	}
	return out
}

// isBareFlag reports whether a word is a flag without its value.
func isBareFlag(word string) bool {
	return strings.HasPrefix(word, "-") && !strings.ContainsAny(word, " =")
}

// shellWords splits a line at the spaces that are in no quotes.
func shellWords(line string) []string {
	var words []string
	var quote rune
	begin := 0
	for i, r := range line {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
		case r == '\'' || r == '"':
			quote = r
		case r == ' ':
			words = append(words, line[begin:i])
			begin = i + 1
		}
	}
	return append(words, line[begin:])
}
