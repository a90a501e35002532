// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"regexp"
	"strings"
	"unicode"
)

const idLength = 6 // of a bootstrap token

// form describes a kind of value that can differ in each run.
type form struct {
	name       string
	page       string // regular expression of a value in a page
	output     string // regular expression of a value in an output; empty: the value means itself
	isVariable bool   // a value of the page stands for one value of the run
	keyLength  int    // of the part that identifies a value in a page; 0: all of it
}

// forms returns the kinds of values, in the order in which they are tried.
func forms() []form {
	const (
		uid      = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
		date     = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
		duration = `\b\d+(?:\.\d+)?(?:ms|h|m|s)(?:\d+(?:m|s))*\b`
	)
	return []form{
		{"uid", uid, uid, true, 0},
		{"time", date, date, true, 0},
		{"token", `\b[a-z0-9]{6}\.(?:[a-z0-9]{16}\b|…)`, `[a-z0-9]{6}\.[a-z0-9]{16}`, true, idLength + 1},
		{"pin", `sha256:[0-9a-f]{8,64}…?`, `sha256:[0-9a-f]{64}`, true, len("sha256:") + 8},
		{"JWT", `\beyJ[\w.-]*…?`, `eyJ[\w-]+\.[\w-]+\.[\w-]+`, true, 0},
		{"suffix", `\b[0-9a-f]{10}\b`, `[0-9a-f]{10}`, true, 0}, // of a generated name
		{"duration", duration, duration, false, 0},
		{"id", `\b[a-z0-9]{6}\b`, `[a-z0-9]{6}`, true, 0},
		{"omission", `…`, `.*`, false, 0},
	}
}

// key identifies a value of the page.
func (f form) key(value string) string {
	if f.keyLength > 0 && len(value) > f.keyLength {
		return value[:f.keyLength]
	}
	return value
}

// formOf returns the form of a value in a page, or one without a name for a text that means itself.
func formOf(value string) form {
	for _, form := range forms() {
		if regexp.MustCompile("^(?:" + form.page + ")$").MatchString(value) {
			if form.name == "id" && !isID(value) {
				break
			}
			return form
		}
	}
	return form{}
}

// isID tells the ID of a token from a word of six letters: in a document an ID has a letter and a digit.
func isID(word string) bool {
	return word != "sha256" && strings.ContainsFunc(word, unicode.IsDigit) && strings.ContainsFunc(word, unicode.IsLetter)
}
