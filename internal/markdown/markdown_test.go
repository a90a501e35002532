// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"reflect"
	"strings"
	"testing"
)

const page = "# One `two`: three\n\nSee [a](b.md#c) and ![d](e.svg).\n\n<!-- prepare\nmake ready\n-->\n\n" +
	"```console\n$ first \\\n  --flag\nout\n\n$ second <<EOF\n> text\n> EOF\n> quoted\n$ third\n```\n\n```sh\nfourth\n```\n\n# One two three\n"

func TestAPageHasLinksAnchorsAndBlocks(t *testing.T) {
	t.Parallel()
	p := Parse("page.md", []byte(page))
	if !reflect.DeepEqual(p.Links, []string{"b.md#c", "e.svg"}) {
		t.Errorf("links: %q", p.Links)
	}
	if !reflect.DeepEqual(p.Anchors, map[string]bool{"one-two-three": true, "one-two-three-1": true}) {
		t.Errorf("anchors: %v", p.Anchors)
	}
	var languages []string
	for _, block := range p.Blocks {
		languages = append(languages, block.Language)
	}
	if !reflect.DeepEqual(languages, []string{Prepare, Console, "sh"}) || p.Blocks[0].Text != "make ready\n" || p.Blocks[0].Line != 6 {
		t.Fatalf("blocks: %+v", p.Blocks)
	}
	steps, err := p.Blocks[1].Steps()
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Command: "first \\\n  --flag\n", Output: "out\n\n", Line: 10, Shown: "$ first \\\n  --flag\n"},
		{Command: "second <<EOF\ntext\nEOF\nquoted\n", Line: 14, Shown: "$ second <<EOF\n> text\n> EOF\n> quoted\n"},
		{Command: "third\n", Line: 18, Shown: "$ third\n"},
	}
	if !reflect.DeepEqual(steps, want) {
		t.Errorf("steps:\n%+v, want\n%+v", steps, want)
	}
}

func TestATranscriptBeginsWithACommand(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "output\n$ command\n"} {
		if steps, err := (Block{Console, text, 1}).Steps(); err == nil {
			t.Errorf("%q has the steps %v", text, steps)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const (
		token, other = "abc123.0123456789abcdef", "zyx987.fedcba9876543210"
		pin          = "sha256:7b56d9940123456789abcdef0123456789abcdef0123456789abcdef01234567"
	)
	for _, c := range []struct {
		page, output string
		want         string // part of the error; empty: the output matches
	}{
		{token, other, ""},
		{"abc123.…", other, ""},
		{token + "\n" + token, other + "\n" + other, ""},
		{token + "\n" + token, other + "\n" + token, "the page has"},
		{token + "\ntoken \"abc123\" deleted", other + "\ntoken \"zyx987\" deleted", ""},
		{token + "\ntoken \"abc123\" deleted", other + "\ntoken \"zyx986\" deleted", "the page has"},
		{token, "none", "the page has"},
		{"--hash sha256:7b56d994… end", "--hash " + pin + " end", ""},
		{"--hash sha256:7b56d994…", "--hash sha256:7b56", "the page has"},
		{"at 2026-11-23T08:41:36Z", "at 2027-01-01T00:00:00Z", ""},
		{"in 2h", "in 1h59m", ""},
		{"in 2h", "in 1h30m", `has "2h", the output "1h30m"`},
		{"hub.example.org:6443", "127.0.0.1:4711", ""},
		{"hub.example.org:6443", "127.0.0.1:4712", "the page has"},
		{"a   b\n  c", "a b c", ""},
		{"one", "one\ntwo", "another line"},
		{"one\ntwo", "one", "ends before"},
		{"…\ntwo", "one\none\ntwo", ""},
		{"one\n…", "one\ntwo\nthree", ""},
		{"one …", "one two", ""},
		{"ID FOR\nabc123 a\nzyx987 b", "ID FOR\nfff000 b\nggg111 a", ""},
		{"ID FOR\nabc123 a\nzyx987 b", "ID FOR\nfff000 b\nggg111 c", "the page has"},
		{"expire sha256 member", "remote sha256 member", "the page has"},
		{"eyJhbGciOi…", "eyJhbGciOi.abc.def-_", ""},
	} {
		err := NewTranscript(map[string]string{"hub.example.org:6443": "127.0.0.1:4711"}).Compare(c.page, c.output)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("page %q, output %q: %v", c.page, c.output, err)
		}
	}
}

func TestCommandsGetTheValuesOfThisRun(t *testing.T) {
	t.Parallel()
	transcript := NewTranscript(map[string]string{"hub.example.org:6443": "127.0.0.1:4711"})
	if err := transcript.Compare("abc123.0123456789abcdef", "zyx987.fedcba9876543210"); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]string{
		"delete abc123":                "delete zyx987",
		"check hub.example.org:6443":   "check 127.0.0.1:4711",
		"check --token abc123.…":       "check --token zyx987.fedcba9876543210",
		"create 07401b.f395accd246ae5": "create 07401b.f395accd246ae5",
		"create --ttl 2h":              "create --ttl 2h",
	} {
		if got := transcript.Command(page); got != want {
			t.Errorf("%q becomes %q", page, got)
		}
	}
	if err := transcript.Compare("07401b", "07401b"); err != nil {
		t.Error(err)
	}
	if err := transcript.Compare("07401b", "07401c"); err == nil {
		t.Error("a value of a command does not mean itself")
	}
}

func TestRewriteKeepsTheValuesOfThePage(t *testing.T) {
	t.Parallel()
	transcript := NewTranscript(map[string]string{"hub.example.org:6443": "127.0.0.1:4711"})
	got := transcript.Rewrite("abc123.0123456789abcdef\n", "at 127.0.0.1:4711: zyx987.fedcba9876543210\ntoken zyx987\n")
	if want := "at hub.example.org:6443: abc123.…\ntoken abc123\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
