// SPDX-License-Identifier: Apache-2.0

package controlplane

// A Severity is how much a finding matters to clusters that join.
type Severity string

// The severities, from the worst.
const (
	Error   Severity = "error"   // joins fail, or anybody can join
	Warning Severity = "warning" // joins may fail, or something is not as it should be
	Info    Severity = "info"    // nothing is wrong
)

// A Finding is what an examination has to say about one thing.
type Finding struct {
	Check    string // what was looked at, in a word that scripts can match on
	Severity Severity
	Evidence string // what was found
	Remedy   string // what to do about it; empty: nothing
}
