// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"
	"testing"
	"unicode"
)

// The description of a Secret comes from anybody with the right to write it. It must not control the terminal of the
// person who lists the Secret, nor look like another row.
func TestACellCannotControlTheTerminal(t *testing.T) {
	t.Parallel()
	for name, note := range map[string]string{
		"colour":               "\x1b[31mred\x1b[0m",
		"title of the window":  "\x1b]0;pwned\x07",
		"carriage return":      "good\rbad",
		"newline":              "one\nfake   healthy",
		"trailing newline":     "one\n",
		"form feed":            "one\ftwo",
		"vertical tab":         "one\vtwo",
		"tab":                  "one\ttwo",
		"backspace":            "good\b\b\b\bevil",
		"bell":                 "ding\a",
		"null":                 "a\x00b",
		"delete":               "a\x7fb",
		"eight-bit CSI":        "a\u009b31mb",
		"line separator":       "a\u2028b",
		"right-to-left change": "a\u202eb",
	} {
		for _, o := range []string{"", "wide"} {
			list := List[item]{Items: []item{{ID: "a", Note: note}, {ID: "b", Note: "plain"}}}
			got := printed(t, format(t, o), list)
			rows := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if len(rows) != 3 || !strings.HasPrefix(rows[1], "a ") || !strings.HasPrefix(rows[2], "b ") {
				t.Errorf("%s: it breaks the table:\n%q", name, got)
			}
			if at := strings.IndexFunc(strings.ReplaceAll(got, "\n", ""), isControl); at >= 0 {
				t.Errorf("%s: the output has a control character: %q", name, got)
			}
		}
	}
}

// isControl reports whether a character controls the terminal or the direction of text.
func isControl(char rune) bool {
	return unicode.IsControl(char) || unicode.In(char, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func TestColumnsAreAligned(t *testing.T) {
	t.Parallel()
	list := List[item]{Items: []item{{ID: "a", Note: "x"}, {ID: strings.Repeat("b", 40), Note: "y"}, {Note: "z"}}}
	rows := strings.Split(strings.TrimSuffix(printed(t, format(t, ""), list), "\n"), "\n")
	at := strings.Index(rows[0], "NOTE")
	for i, want := range []string{"x", "y", "z"} {
		if row := rows[i+1]; len(row) <= at || row[at:] != want {
			t.Errorf("row %q: %q is not below NOTE", row, want)
		}
	}
}
