// SPDX-License-Identifier: Apache-2.0

package terminal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/joinctl/joinctl/internal/terminal"
)

// Control sequences that show and remove a progress line.
const (
	toStart   = "\r"
	clearRest = "\x1b[K"
)

const secret = "07401b.0123456789abcdef"

// onTerminal returns a Terminal with streams that are terminals, and what it writes.
func onTerminal(input string) (*terminal.Terminal, *strings.Builder) {
	return ofWidth(0, input)
}

// ofWidth returns a Terminal of so many columns, and what it writes.
func ofWidth(columns int, input string) (*terminal.Terminal, *strings.Builder) {
	var out strings.Builder
	return terminal.New(terminal.Streams{
		In: strings.NewReader(input), Err: &out, InTTY: true, ErrTTY: true, Width: func() int { return columns },
	}), &out
}

// shown returns what a terminal shows after it received some output: its lines, the last one without a newline.
func shown(output string) []string {
	lines := strings.Split(output, "\n")
	for i, line := range lines {
		if at := strings.LastIndex(line, toStart); at >= 0 {
			line = line[at+len(toStart):]
		}
		lines[i] = strings.ReplaceAll(line, clearRest, "")
	}
	return lines
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestALineReplacesTheProgressLineWhichComesBackBelow(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("")
	term.Progress("1 done")
	term.Info("created token %s", "07401b")
	term.Progress("2 done")
	term.Warn("clocks differ")
	expect(t, strings.Join(shown(out.String()), "|"), "joinctl: created token 07401b|joinctl: warning: clocks differ|joinctl: 2 done")
	expect(t, out.String(), toStart+"joinctl: 1 done"+clearRest+
		toStart+clearRest+"joinctl: created token 07401b\njoinctl: 1 done"+
		toStart+"joinctl: 2 done"+clearRest+
		toStart+clearRest+"joinctl: warning: clocks differ\njoinctl: 2 done")
}

func TestTheProgressLineIsRemovedAtTheEnd(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("")
	term.Progress("1 done")
	term.Progress("")
	term.Info("created")
	expect(t, out.String(), toStart+"joinctl: 1 done"+clearRest+toStart+clearRest+"joinctl: created\n")
}

func TestTheProgressLineFitsIntoTheTerminal(t *testing.T) {
	t.Parallel()
	// The prefix "joinctl: " takes 9 columns, and the last column of the terminal stays free.
	for name, test := range map[string]struct {
		columns    int
		line, want string
	}{
		"it fits":                              {20, "0123456789", "joinctl: 0123456789"},
		"one character too long":               {19, "0123456789", "joinctl: 01234567…"},
		"wide characters take two columns":     {15, "日本語", "joinctl: 日本…"},
		"wide characters fit":                  {16, "日本語", "joinctl: 日本語"},
		"half a wide character does not fit":   {14, "日本語", "joinctl: 日…"},
		"full-width forms take two columns":    {14, "ＡＢＣ", "joinctl: Ａ…"},
		"emoji take two columns":               {14, "🚀🚀🚀", "joinctl: 🚀…"},
		"combining characters take none":       {13, "e\u0301a\u0300o", "joinctl: e\u0301a\u0300o"},
		"combining characters go with a base":  {13, "e\u0301a\u0300ox", "joinctl: e\u0301a\u0300…"},
		"a combining character at the edge":    {13, "abc\u0301d", "joinctl: ab…"},
		"an unknown width cuts nothing":        {0, strings.Repeat("x", 300), "joinctl: " + strings.Repeat("x", 300)},
		"one column shows the ellipsis only":   {1, "0123456789", "…"},
		"two columns show the ellipsis only":   {2, "0123456789", "…"},
		"three columns show one character too": {3, "0123456789", "j…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out := ofWidth(test.columns, "")
			term.Progress(test.line)
			expect(t, out.String(), toStart+test.want+clearRest)
		})
	}
}

func TestATerminalWithoutAWidthFunctionCutsNothing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	term := terminal.New(terminal.Streams{Err: &out, ErrTTY: true})
	term.Progress(strings.Repeat("x", 300))
	expect(t, out.String(), toStart+"joinctl: "+strings.Repeat("x", 300)+clearRest)
}

func TestNoProgressIsWrittenWhereStderrIsNoTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	term := terminal.New(terminal.Streams{Err: &out, InTTY: true})
	if term.ShowsProgress() {
		t.Error("ShowsProgress is true")
	}
	term.Progress("1 done")
	term.Progress("")
	expect(t, out.String(), "")
	term.Info("created")
	expect(t, out.String(), "joinctl: created\n")
}

func TestHideProgressRemovesTheProgressLineForGood(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("")
	term.Progress("1 done")
	term.HideProgress()
	if term.ShowsProgress() {
		t.Error("ShowsProgress is true")
	}
	term.Progress("2 done")
	term.Info("created")
	expect(t, out.String(), toStart+"joinctl: 1 done"+clearRest+toStart+clearRest+"joinctl: created\n")
}

func TestConfirmTakesOnlyYesForYes(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]bool{
		"y\n": true, "yes\n": true, "YES\n": true, " y \n": true, "y": true, "y\r\n": true,
		"": false, "\n": false, "n\n": false, "no\n": false, "yeah\n": false, "\ny\n": false,
	} {
		term, out := onTerminal(input)
		if got := term.Confirm("delete these 2?"); got != want {
			t.Errorf("the answer %q is %v", input, got)
		}
		expect(t, out.String(), "joinctl: delete these 2? [y/N] ")
	}
}

func TestConfirmWithoutATerminalIsNoAndPointsToTheFlag(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	term := terminal.New(terminal.Streams{In: strings.NewReader("y\n"), Err: &out, ErrTTY: true})
	if term.Interactive() || term.Confirm("delete these 2?") {
		t.Error("nobody was there to say yes")
	}
	expect(t, out.String(), "joinctl: without a terminal to ask on, this needs --yes\n")
}

func TestAQuestionTakesThePlaceOfTheProgressLine(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("y\n")
	term.Progress("1 done")
	term.Confirm("go on?")
	expect(t, strings.Join(shown(out.String()), "|"), "joinctl: go on? [y/N] ")
}

func TestEveryQuestionGetsAnAnswerOfItsOwn(t *testing.T) {
	t.Parallel()
	term, _ := onTerminal("y\nn\nyes\n")
	for i, want := range []bool{true, false, true} {
		if got := term.Confirm("go on?"); got != want {
			t.Errorf("question %d got %v", i, got)
		}
	}
}

func TestNoLineHasCredentialsOrControlCharacters(t *testing.T) {
	t.Parallel()
	const evil = secret + " \x1b[2J\r\n\a\u202e\u0085end"
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
	for name, write := range map[string]func(*terminal.Terminal){
		"a line":     func(term *terminal.Terminal) { term.Info("%s %s", evil, jwt) },
		"a warning":  func(term *terminal.Terminal) { term.Warn("%s %s", evil, jwt) },
		"a question": func(term *terminal.Terminal) { term.Confirm(evil + " " + jwt) },
		"progress":   func(term *terminal.Terminal) { term.Progress(evil + " " + jwt) },
		"a warning of many targets": func(term *terminal.Terminal) {
			term.WarnLater("a "+evil, jwt+" "+evil)
			term.FlushWarnings()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out := onTerminal("")
			write(term)
			text := strings.TrimSuffix(out.String(), "\n")
			text = strings.TrimSuffix(strings.TrimPrefix(text, toStart), clearRest)
			if strings.Contains(text, "0123456789abcdef") || strings.Contains(text, jwt) || !strings.Contains(text, "<hidden>") {
				t.Errorf("it shows a credential: %q", text)
			}
			if strings.ContainsAny(text, "\x1b\r\n\a\u202e\u0085") || !strings.Contains(text, "end") {
				t.Errorf("it has control characters: %q", text)
			}
		})
	}
}

func TestAWarningOfManyTargetsIsWrittenOnceWithTheirNames(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("")
	for i := range 30 {
		target := string(rune('a'+(29-i)%26)) + strings.Repeat("'", (29-i)/26) // z … a, and a few more
		term.WarnLater(target, "v1 Secret is deprecated")
		term.WarnLater(target, "v1 Secret is deprecated")
	}
	term.WarnLater("hub", "etcd is slow")
	term.FlushWarnings()
	expect(t, out.String(), `joinctl: warning: v1 Secret is deprecated ("a", "a'", "b", "b'", "c" and 25 more)`+"\n"+
		`joinctl: warning: etcd is slow ("hub")`+"\n")
	term.FlushWarnings()
	if strings.Count(out.String(), "\n") != 2 {
		t.Errorf("a warning is written again: %s", out)
	}
}

func TestAWarningAboutAServerWithoutANameHasNoEmptyName(t *testing.T) {
	t.Parallel()
	term, out := onTerminal("")
	term.WarnLater("", "v1 Secret is deprecated")
	term.FlushWarnings()
	expect(t, out.String(), "joinctl: warning: v1 Secret is deprecated\n")
}

// A recorder keeps every write by itself.
type recorder struct {
	mu     sync.Mutex
	writes []string
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

func TestConcurrentWritersDoNotInterleave(t *testing.T) {
	t.Parallel()
	var out recorder
	term := terminal.New(terminal.Streams{Err: &out, ErrTTY: true, Width: func() int { return 40 }})
	const writers, lines = 8, 25
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := range lines {
				term.Info("line %d of writer %d", j, i)
				term.Progress(fmt.Sprintf("%d done by %d", j, i))
				term.WarnLater(fmt.Sprint(i), "one warning")
			}
		})
	}
	all.Go(func() {
		for range lines {
			term.FlushWarnings()
		}
	})
	all.Wait()
	term.FlushWarnings()
	term.Progress("")
	count, progress := 0, false
	for _, text := range out.writes {
		if strings.HasPrefix(text, toStart) != (progress || strings.HasSuffix(text, clearRest)) {
			t.Fatalf("the progress line was shown: %v, and then came %q", progress, text)
		}
		if strings.HasSuffix(text, clearRest) {
			progress = text != toStart+clearRest
			continue
		}
		count++
		if strings.Count(text, "\n") != 1 || !strings.HasPrefix(strings.TrimPrefix(text, toStart+clearRest), "joinctl: ") {
			t.Errorf("this is not one line: %q", text)
		}
	}
	if count < writers*lines {
		t.Errorf("%d lines were written", count)
	}
	if last := shown(strings.Join(out.writes, "")); last[len(last)-1] != "" {
		t.Errorf("the progress line is left: %q", last[len(last)-1])
	}
}

func TestProgressCanBeHiddenWhileOthersShowIt(t *testing.T) {
	t.Parallel()
	term, _ := onTerminal("")
	var all sync.WaitGroup
	all.Go(func() {
		for range 100 {
			term.Progress("1 done")
			_ = term.ShowsProgress()
		}
	})
	all.Go(term.HideProgress)
	all.Wait()
}

func TestALongNameIsShortened(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want string
		most       int
	}{
		{"member-1", "member-1", 8},
		{"member-12", "member-…", 8},
		{"日本語の名前", "日本語…", 4},
		{"a name with spaces", "a name…", 8},
		{"", "", 8},
	} {
		expect(t, terminal.Shorten(test.name, test.most), test.want)
	}
}
