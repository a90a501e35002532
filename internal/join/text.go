// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ParseText parses the join command in a text that somebody pasted: with prompts, log lines and sudo before the command,
// and over several lines. What is wrong is named by its character, its word or its flag; no error contains a word.
func ParseText(text string) (Attempt, error) {
	line, err := commandLine(text)
	if err != nil {
		return Attempt{}, err
	}
	words, err := Split(line)
	if err != nil {
		return Attempt{}, err
	}
	return Paste(words)
}

// commandLine returns the part of a text that begins with the program of a joiner, up to the end of the command.
func commandLine(text string) (string, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), byteOrderMark, "")
	lines := joinContinued(strings.Split(text, "\n"))
	at := -1
	for i, line := range lines {
		start := programStart(line)
		switch {
		case start < 0:
		case at >= 0:
			return "", errors.New("the text holds more than one join command: give one of them")
		default:
			at, lines[i] = i, line[start:]
		}
	}
	if at < 0 {
		return strings.Join(lines, "\n"), nil // Paste says what a join command is
	}
	command := []string{lines[at]}
	for _, line := range lines[at+1:] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !continues(line) {
			break
		}
		command = append(command, line)
	}
	return strings.Join(command, "\n"), nil
}

// byteOrderMark begins files that some editors write.
const byteOrderMark = "\ufeff"

// joinContinued joins lines that end in a backslash, or in the ^ or ` of other shells, with the next line, and drops the
// prompt of a continued line.
func joinContinued(lines []string) []string {
	var out []string
	continued := false
	for _, line := range lines {
		trimmed := strings.TrimRight(line, " \t")
		body := strings.TrimRight(trimmed, "\\^`")
		if continued {
			last := len(out) - 1
			out[last] += " " + strings.TrimPrefix(strings.TrimLeft(body, " \t"), "> ")
		} else {
			out = append(out, body)
		}
		continued = body != trimmed
	}
	return out
}

// programStart returns where in a line the program of a joiner begins, -1 where it does not.
func programStart(line string) int {
	for _, joiner := range descriptions() {
		for _, command := range append([][]string{joiner.Command}, joiner.Aliases...) {
			if found := programPattern(command).FindStringSubmatchIndex(line); found != nil {
				return found[2]
			}
		}
	}
	return -1
}

// programPattern finds a command, with flags between its words, at the beginning of a line or after white space, a slash or
// a quote.
func programPattern(command []string) *regexp.Regexp {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = regexp.QuoteMeta(word)
	}
	const flagsBetween = `(?:[ \t]+-[\w.=-]+)*[ \t]+`
	return regexp.MustCompile(`(?:^|[\s/\\'"])(` + words[0] + `(?:\.exe)?` + flagsBetween + strings.Join(words[1:], flagsBetween) + `)(?:\s|$)`)
}

// continues reports whether a line goes on with the command of the line before: mail programs break lines.
func continues(line string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	if strings.HasPrefix(first, "-") || strings.HasPrefix(strings.ToLower(first), pinType) {
		return true
	}
	return regexp.MustCompile(`^[a-z0-9.]+$`).MatchString(first) && !strings.ContainsAny(line, "[]{}=") // a part of a token or hash
}

// checkCharacters refuses characters that look like others: they come from documents and chats, and make the joiner fail.
func checkCharacters(words []string) error {
	for i, word := range words {
		at := strings.IndexFunc(word, func(r rune) bool { return r < ' ' || r > '~' })
		if at < 0 {
			continue
		}
		r := []rune(word[at:])[0]
		return fmt.Errorf("word %d of the join command has the character U+%04X%s", i+1, r, characterAdvice(r))
	}
	return nil
}

func characterAdvice(r rune) string {
	switch r {
	case '\u00a0', '\u202f', '\u2007':
		return ", a no-break space: type a space in its place"
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return ", which has no width: delete it"
	case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212':
		return ", a dash: a flag begins with two hyphens (--)"
	case '\u2018', '\u2019', '\u201a', '\u201c', '\u201d', '\u201e', '\u00ab', '\u00bb':
		return ", a typographic quote: delete it, or type ' in its place"
	}
	return ": a join command has none but ASCII characters"
}

// checkBroken refuses a token or a pin that a line break or a blank has cut in two.
func checkBroken(words []string) error {
	for i := range len(words) - 1 {
		_, value, _ := strings.Cut(words[i], "=")
		if value == "" {
			value = words[i]
		}
		if isToken(value+words[i+1]) && !isToken(value) || isPin(value+words[i+1]) && !isPin(value) {
			return fmt.Errorf("words %d and %d of the join command belong together: a line break or a blank cut a token or a pin in two", i+1, i+2)
		}
	}
	return nil
}

// checkBlanks refuses a word in which a blank is missing before or after a flag.
func checkBlanks(words []string) error {
	for i, word := range words {
		if at := strings.Index(word, "--"); at > 0 {
			return fmt.Errorf("word %d of the join command has -- in its middle: is a blank missing before it?", i+1)
		}
	}
	return nil
}

// positions lists the numbers of words.
func positions(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = fmt.Sprint(n)
	}
	last := len(texts) - 1
	if last == 0 {
		return texts[0]
	}
	return strings.Join(slices.Clone(texts[:last]), ", ") + " and " + texts[last]
}
