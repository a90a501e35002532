// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTextOfMessages(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0: "0s", 999 * time.Millisecond: "0s", time.Second: "1s", 90 * time.Second: "1m30s", time.Hour: "1h", time.Hour + 5*time.Second: "1h",
		23*time.Hour + 59*time.Minute: "23h59m", day: "24h", 47*time.Hour + time.Minute: "47h1m", 2 * day: "2d",
		2*day + 3*time.Hour + time.Minute: "2d3h", 365 * day: "1y", 800 * day: "2y70d",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s is shown as %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 tokens", 1: "1 token", 2: "2 tokens"} {
		if got := Count(n, "token"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for want, names := range map[string][]string{
		"": nil, `"a"`: {"a"}, `"a", "b c"`: {"a", "b c"}, `"a", "b", "c", "d", "e"`: {"a", "b", "c", "d", "e"},
		`"a", "b", "c", "d", "e" and 2 more`: {"a", "b", "c", "d", "e", "f", "g"},
	} {
		if got := Quoted(names); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestALongTextIsCutBeforeAWord(t *testing.T) {
	t.Parallel()
	const token = "abcdef.0123456789abcdef"
	fill := func(n int) string { return strings.Repeat("x ", n/2) }
	for name, test := range map[string]struct{ text, want string }{
		"short":                {fill(maxText), fill(maxText)},
		"one byte too long":    {fill(maxText) + "x", fill(maxText)[:maxText-1] + " … (2 more bytes)"},
		"a token at the bound": {fill(maxText-10) + token + " y", fill(maxText - 10)[:maxText-11] + " … (26 more bytes)"},
		"one word":             {strings.Repeat("x", 2*maxText), " … (8192 more bytes)"},
	} {
		if got := Cut(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestAShortenedErrorStaysWhatItIs(t *testing.T) {
	t.Parallel()
	long := &Error{Reason: Conflict, Err: errors.New(strings.Repeat("word ", 1<<20))}
	if err := Shorten(long); len(err.Error()) > maxText+30 || ReasonOf(err) != Conflict {
		t.Errorf("got %d bytes, %s", len(err.Error()), ReasonOf(err))
	}
	if err := Describe(fmt.Errorf("create: %w", long)); len(err.Error()) > maxText+30 || ReasonOf(err) != Conflict {
		t.Errorf("described: got %d bytes, %s", len(err.Error()), ReasonOf(err))
	}
	if Shorten(nil) != nil || Shorten(errBoom) != errBoom { //nolint:errorlint // the same error, unwrapped
		t.Error("a short error changes")
	}
}

func TestASkewSaysWhichClockIsBehind(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]string{
		0:                                    "this machine's clock is 0s ahead of the server's",
		5 * time.Minute:                      "this machine's clock is 5m ahead of the server's",
		-time.Hour - 400*time.Millisecond:    "this machine's clock is 1h behind the server's",
		400 * 24 * time.Hour:                 "this machine's clock is 1y35d ahead of the server's",
		-31*time.Second - time.Millisecond/2: "this machine's clock is 31s behind the server's",
	} {
		if got := Skew(ahead); got != want {
			t.Errorf("%s: got %s, want %s", ahead, got, want)
		}
	}
}

func TestAnInterruptionIsCalledOneAndKeepsItsError(t *testing.T) {
	t.Parallel()
	err := Plain(fmt.Errorf("wait for the signature: %w", context.Canceled))
	if err.Error() != "wait for the signature: interrupted" || ReasonOf(err) != Interrupted {
		t.Errorf("got %v, %s", err, ReasonOf(err))
	}
	other := errors.New("the server says: context canceled")
	if got := Plain(other); got.Error() != other.Error() {
		t.Errorf("the text of a server became %v", got)
	}
}
