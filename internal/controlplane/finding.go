// SPDX-License-Identifier: Apache-2.0

package controlplane

// A Severity says how much a finding matters to clusters that join.
type Severity string

// The severities, from the worst.
const (
	Error   Severity = "error"   // joins fail, or anybody can join
	Warning Severity = "warning" // joins may fail, or something else is wrong
	Info    Severity = "info"    // nothing is wrong
)

// A Finding is the result of one check.
type Finding struct {
	Check    string // its name, on which scripts match
	Severity Severity
	Evidence string // what the check found
	Fix      string // what to do about it; empty: nothing

	undecided bool // a probe could not make the check
}
