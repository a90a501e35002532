// SPDX-License-Identifier: Apache-2.0

// Package terminal owns stderr: lines for people, one progress line and questions, all without credentials.
package terminal

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
)

// prefix begins every line, so that people know who speaks in the output of a script.
const prefix = "joinctl: "

// Streams are the standard streams that people see and answer on.
type Streams struct {
	In     io.Reader
	Err    io.Writer
	InTTY  bool       // In is a terminal, where somebody can answer a question
	ErrTTY bool       // Err is a terminal, where a progress line is welcome
	Width  func() int // columns of the terminal, 0 for unknown; nil: unknown
}

// A Terminal writes to stderr. Its methods can be called from many goroutines.
type Terminal struct {
	streams Streams

	answers *bufio.Reader // what was typed ahead is the answer to the next question

	once     sync.Once
	redactor *redact.Redactor

	mu       sync.Mutex
	hidden   bool   // no progress line is shown
	progress string // the line that is shown now, "" for none
	warnings warnings

	rename func(string) string // nil: texts stay as they are
}

// New returns the Terminal over some streams.
func New(streams Streams) *Terminal {
	return &Terminal{streams: streams, answers: bufio.NewReader(streams.In), hidden: !streams.ErrTTY}
}

// Rename has all texts pass through a function from now on: it names commands as people type them.
func (t *Terminal) Rename(rename func(string) string) { t.rename = rename }

// Interactive reports whether somebody can answer a question.
func (t *Terminal) Interactive() bool { return t.streams.InTTY }

// ShowsProgress reports whether stderr is a terminal that shows a progress line.
func (t *Terminal) ShowsProgress() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.hidden
}

// HideProgress shows no progress line from now on, because something else writes to the same terminal.
func (t *Terminal) HideProgress() {
	t.Progress("")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hidden = true
}

// Redact returns text without its credentials.
func (t *Terminal) Redact(text string) string { return t.Redactor().Text(text) }

// Redactor returns the redactor of this run. Its patterns are compiled once: many goroutines write to a Terminal.
func (t *Terminal) Redactor() *redact.Redactor {
	t.once.Do(func() { t.redactor = redact.New() })
	return t.redactor
}

// Info writes one line.
func (t *Terminal) Info(format string, args ...any) {
	line := t.clean(fmt.Sprintf(format, args...))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(line + "\n")
}

// Warn writes one line that begins with "warning: ".
func (t *Terminal) Warn(format string, args ...any) { t.Info("warning: "+format, args...) }

// Confirm asks a question and reports whether the answer is yes. Without a terminal the answer is no, with a hint at --yes.
func (t *Terminal) Confirm(question string) bool {
	if !t.Interactive() {
		t.Info("without a terminal to ask on, this needs --yes")
		return false
	}
	t.Progress("") // the answer is typed at the end of the question
	t.mu.Lock()
	t.write(t.clean(question+" [y/N]") + " ")
	t.mu.Unlock()
	answer, _ := t.answers.ReadString('\n')
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer)))
}

// CommandText returns a text for people in which commands are named as people type them.
func (t *Terminal) CommandText(text string) string {
	if t.rename == nil {
		return text
	}
	return t.rename(text)
}

// clean returns a line without credentials and control characters.
func (t *Terminal) clean(text string) string {
	return prefix + output.Plain(t.CommandText(t.Redact(text)))
}

// write writes text in place of the progress line, and the progress line again below it. The caller holds the lock.
func (t *Terminal) write(text string) {
	if t.progress != "" {
		text = toStart + clearRest + text + t.progress
	}
	_, _ = io.WriteString(t.streams.Err, text)
}
