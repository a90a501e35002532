// SPDX-License-Identifier: Apache-2.0

package output

import (
	"html"
	"io"
	"strings"
	"time"
)

// A Report is what a command found out about control planes, for programs and for people who read it later: JUnit, SARIF and
// HTML show it.
type Report struct {
	Command string // that made it
	Version string // of joinctl
	Home    string // URL of joinctl
	Time    time.Time
	Rules   []Rule // of all checks, in the order in which they are shown
	Reasons []Rule // of all failures
	Targets []ReportTarget
}

// A Rule explains a check or the reason of a failure. Cause, See and Fix are Markdown: paragraphs, and commands that are
// indented by four spaces.
type Rule struct{ Code, Name, Title, Cause, See, Fix, URL string }

// A ReportTarget is a control plane with the results of its checks.
type ReportTarget struct {
	Name    string
	Results []Result // all of one check in a row
	Failure *Failure // why not every check was made; nil: every check was made
}

// A Result is what a check found.
type Result struct {
	Check, Code string
	Level       Level
	Text        string // empty: nothing wrong
	Fix         string // empty: none
}

// A Level says how bad a result is.
type Level int

// The levels, from the best.
const (
	Passed Level = iota
	Info
	Warning
	Error
)

// String returns the word for a level.
func (l Level) String() string { return [...]string{"ok", "info", "warning", "error"}[l] }

// PrintReport writes a report in a format that IsReport. It returns the error of w as it is.
func PrintReport(w io.Writer, f *Format, report *Report) error {
	content, err := JUnit(report), error(nil)
	if f.name == sarif {
		content, err = SARIF(report)
	}
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

// results returns the results of a check, and the worst level among them; false if the check was not made.
func (t *ReportTarget) results(check string) (found []Result, worst Level, made bool) {
	for _, r := range t.Results {
		if r.Check == check {
			found, worst = append(found, r), max(worst, r.Level)
		}
	}
	return found, worst, len(found) > 0
}

// worst returns the worst level of all results.
func (t *ReportTarget) worst() Level {
	worst := Passed
	for _, r := range t.Results {
		worst = max(worst, r.Level)
	}
	return worst
}

// checks returns the names of the checks that a target has results of, in their order.
func (t *ReportTarget) checks() []string {
	var names []string
	seen := map[string]bool{}
	for _, r := range t.Results {
		if !seen[r.Check] {
			seen[r.Check] = true
			names = append(names, r.Check)
		}
	}
	return names
}

// markup returns text for HTML and XML. Active characters are escaped as in JSON.
func markup(text string) string {
	return html.EscapeString(escape(strings.ToValidUTF8(text, "\uFFFD"), "\n"))
}
