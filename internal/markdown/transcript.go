// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// durationTolerance is the largest difference between a duration in a page and in the output.
const durationTolerance = 2 * time.Minute

// omission stands for any text within a line; alone in a line it stands for any number of lines.
const omission = "…"

// Transcript compares the outputs of a page's commands with the page. Values that differ in each run, such as tokens, match
// any value of their form. A value has one meaning in a page: the same token in the page is the same token in all outputs
// and commands.
type Transcript struct {
	known  map[string]string // value in the page -> value of this run
	values *regexp.Regexp
}

// NewTranscript returns a Transcript for one page. Names maps names in the page, such as addresses, to those of this run.
func NewTranscript(names map[string]string) *Transcript {
	var quoted []string
	for name := range names {
		quoted = append(quoted, regexp.QuoteMeta(name))
	}
	slices.SortFunc(quoted, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms() {
		quoted = append(quoted, form.page)
	}
	return &Transcript{maps.Clone(names), regexp.MustCompile(strings.Join(quoted, "|"))}
}

// Command returns a command of the page with the values of this run. Other values stay as they are, and mean themselves.
func (t *Transcript) Command(page string) string {
	return t.values.ReplaceAllStringFunc(page, func(text string) string {
		form := formOf(text)
		if value, ok := t.known[form.key(text)]; ok {
			return value
		}
		if form.isVariable && !strings.Contains(text, omission) {
			t.learn(form, text, text)
		}
		return text
	})
}

// Compare compares an output in the page with the output of this run. White space at the start of a line continues the line
// before, and runs of it count as one space, since widths of columns depend on the values. Lines that begin with a token ID
// can be in any order. It returns an error that shows the first difference.
func (t *Transcript) Compare(page, output string) error {
	want, got := logicalLines(page), logicalLines(output)
	for i, line := range want {
		if line == omission {
			if i == len(want)-1 {
				return nil
			}
			got = t.skipTo(want[i+1], got)
			continue
		}
		if len(got) == 0 {
			return fmt.Errorf("the output ends before the line %q", line)
		}
		t.moveMatch(line, got)
		if err := t.match(line, got[0]); err != nil {
			return err
		}
		got = got[1:]
	}
	if len(got) > 0 {
		return fmt.Errorf("the output has another line %q", got[0])
	}
	return nil
}

// skipTo returns the lines of got from the first one that matches.
func (t *Transcript) skipTo(want string, got []string) []string {
	for len(got) > 0 && !t.matches(want, got[0]) {
		got = got[1:]
	}
	return got
}

// moveMatch moves the first line of got that matches to the front, if want begins with a token ID.
func (t *Transcript) moveMatch(want string, got []string) {
	if formOf(firstWord(want)).name != "id" {
		return
	}
	for i, line := range got {
		if formOf(firstWord(line)).name != "id" {
			return
		}
		if t.matches(want, line) {
			copy(got[1:i+1], got[:i])
			got[0] = line
			return
		}
	}
}

func (t *Transcript) matches(want, got string) bool {
	trial := &Transcript{maps.Clone(t.known), t.values}
	return trial.match(want, got) == nil
}

// match compares one line, and learns the values of this run.
func (t *Transcript) match(want, got string) error {
	var pattern strings.Builder
	var values []string
	rest := want
	for _, at := range t.values.FindAllStringIndex(want, -1) {
		value := want[at[0]:at[1]]
		pattern.WriteString(regexp.QuoteMeta(want[len(want)-len(rest) : at[0]]))
		pattern.WriteString("(" + t.pattern(value) + ")")
		values, rest = append(values, value), want[at[1]:]
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	found := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("the page has %q, the output %q", want, got)
	}
	for i, value := range values {
		form := formOf(value)
		if form.name == "duration" && !similar(value, found[i+1]) {
			return fmt.Errorf("the page has %q, the output %q, in %q", value, found[i+1], got)
		}
		if before, ok := t.known[form.key(value)]; ok && form.isVariable && before != found[i+1] {
			return fmt.Errorf("%q is %q here, and was %q before, in %q", value, found[i+1], before, got)
		}
		t.learn(form, value, found[i+1])
	}
	return nil
}

// pattern returns the regular expression for a value in the page.
func (t *Transcript) pattern(value string) string {
	form := formOf(value)
	if known, ok := t.known[form.key(value)]; ok {
		return regexp.QuoteMeta(known)
	}
	if form.output == "" {
		return regexp.QuoteMeta(value)
	}
	return form.output
}

func (t *Transcript) learn(form form, page, value string) {
	if !form.isVariable {
		return
	}
	if _, ok := t.known[form.key(page)]; !ok {
		t.known[form.key(page)] = value
	}
	if form.name == "token" {
		t.learn(formOf("0a0a0a"), page[:idLength], value[:idLength])
	}
}

// Rewrite returns an output of this run as the page shows it: with the values that the page has for those of this run. The
// tokens and pins of the old text of the page stand for those of the output, in order. Pins and JWTs are shortened.
func (t *Transcript) Rewrite(page, output string) string {
	for _, form := range forms() {
		if form.name == "token" || form.name == "pin" {
			t.learnInOrder(form, page, output)
		}
	}
	longestFirst := slices.SortedFunc(maps.Keys(t.known), func(a, b string) int { return len(t.known[b]) - len(t.known[a]) })
	for _, name := range longestFirst {
		form := formOf(t.known[name])
		shown := name
		if form.keyLength > 0 {
			shown += omission
		}
		output = strings.ReplaceAll(output, t.known[name], shown)
	}
	for _, long := range []string{`(sha256:[0-9a-f]{8})[0-9a-f]{56}`, `(\beyJ[\w-]{7})[\w.-]+`} {
		output = regexp.MustCompile(long).ReplaceAllString(output, "${1}"+omission)
	}
	return output
}

// learnInOrder learns that the values of the page stand for those of the output, in order.
func (t *Transcript) learnInOrder(form form, page, output string) {
	old := regexp.MustCompile(form.page).FindAllString(page, -1)
	for _, value := range regexp.MustCompile(form.output).FindAllString(output, -1) {
		for len(old) > 0 && t.known[form.key(old[0])] != "" {
			old = old[1:]
		}
		if len(old) > 0 && !slices.Contains(slices.Collect(maps.Values(t.known)), value) {
			t.learn(form, old[0], value)
		}
	}
}

func similar(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return errX == nil && errY == nil && (x-y).Abs() <= durationTolerance
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// logicalLines joins continued lines, and makes runs of white space one space.
func logicalLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		words := strings.Join(strings.Fields(line), " ")
		isContinued := len(lines) > 0 && line[0] == ' '
		switch {
		case words == "":
		case isContinued:
			lines[len(lines)-1] += " " + words
		default:
			lines = append(lines, words)
		}
	}
	return lines
}
