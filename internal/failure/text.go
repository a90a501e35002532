// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Quoted lists names in quotes for a message: at most five of them, and how many more there are.
func Quoted(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return Few(quoted)
}

// Few lists texts for a message: at most five of them, and how many more there are.
func Few(texts []string) string {
	const most = 5
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

// maxText is how much of a text from a server a message has, in bytes. Redaction takes two seconds for a megabyte.
const maxText = 4 << 10

// Cut returns a text from a server short enough for a message. It cuts before a word: redaction does not recognize a part of
// a credential.
func Cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := max(strings.LastIndexAny(text[:maxText], " \t\r\n"), 0)
	return fmt.Sprintf("%s … (%d more bytes)", text[:end], len(text)-end)
}

// shortened is an error with a text that is cut.
type shortened struct {
	text string
	err  error
}

func (s shortened) Error() string { return s.text }
func (s shortened) Unwrap() error { return s.err }

// Shorten returns an error with a text from a server short enough for a message.
func Shorten(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if short := Cut(text); short != text {
		return shortened{short, err}
	}
	return err
}

// Plain returns an error that says "interrupted" where package context says "context canceled".
func Plain(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	return shortened{strings.ReplaceAll(err.Error(), context.Canceled.Error(), "interrupted"), err}
}

// Count says how many there are of a thing that has a regular plural: "1 token", "2 tokens".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Duration shows a duration in a message by its two largest units, so that 23h59m is not 23h; up to two days in hours.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		name string
		size time.Duration
	}{{"y", 365 * day}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, unit := range units {
		if d < unit.size || unit.size == day && d < 2*day {
			continue
		}
		out := fmt.Sprintf("%d%s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				out += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return out
	}
	return "0s"
}

// Skew says by how much this machine's clock is ahead of the server's clock, or behind it.
func Skew(ahead time.Duration) string {
	if ahead < 0 {
		return fmt.Sprintf("this machine's clock is %s behind the server's", Duration(-ahead.Round(time.Second)))
	}
	return fmt.Sprintf("this machine's clock is %s ahead of the server's", Duration(ahead.Round(time.Second)))
}
