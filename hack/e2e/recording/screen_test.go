// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"strings"
	"testing"
)

func TestTheScreenShowsWhatATerminalShows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", columns)
	for output, want := range map[string]string{
		"one\r\ntwo\r\n":                       "one|two",
		"waiting …\r\x1b[Kdone\r\n":            "done",
		"a\x1b[32mok\x1b[0mb\r\n":              "a[32:ok]b",
		long + "\r\n":                          long,
		long + "y\r\n":                         long + "|y",
		"no newline at the end":                "no newline at the end",
		"first\r\n\r\nafter an empty line\r\n": "first||after an empty line",
	} {
		shown, err := lines(output)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, line := range shown {
			var text strings.Builder
			for i, c := range line {
				if c.colour != "" && (i == 0 || line[i-1].colour != c.colour) {
					text.WriteString("[" + c.colour + ":")
				}
				text.WriteRune(c.char)
				if c.colour != "" && (i+1 == len(line) || line[i+1].colour != c.colour) {
					text.WriteString("]")
				}
			}
			texts = append(texts, text.String())
		}
		if got := strings.Join(texts, "|"); got != want {
			t.Errorf("%q shows %q, want %q", output, got, want)
		}
	}
	if _, err := lines("\x1b[2J"); err == nil {
		t.Error("a sequence that the screen does not know is no error")
	}
}

func TestTheTextOfAnImageHasNoValues(t *testing.T) {
	t.Parallel()
	image := func(id, secret, time, ttl string) string {
		svg, err := SVG([]Step{{"joinctl check --token " + id + "." + secret + " --x", id + " ok " + ttl + " " + time + " <none> & 127.0.0.1:4711\r\n"}})
		if err != nil {
			t.Fatal(err)
		}
		return svg
	}
	first := Text(image("abc123", "0123456789abcdef", "2026-11-25T21:39:45Z", "2h"))
	second := Text(image("zyx987", "fedcba9876543210", "2027-01-01T00:00:00Z", "1h59m"))
	if want := "$joinctlcheck--tokenID.SECRET--xIDok2hTIME&lt;none&gt;&amp;ENDPOINT"; first != want || second != want {
		t.Errorf("got %s\nand %s\nwant %s", first, second, want)
	}
}
