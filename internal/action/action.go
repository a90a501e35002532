// SPDX-License-Identifier: Apache-2.0

// Package action answers what a command does on its targets, and how it undoes it. There is one struct per command, in a
// file of the same name as the command's in internal/cli: its exported fields are what the operator asked for, and Run
// returns values of the domain. An action knows no flag, no column and no stream.
package action

import (
	"errors"
	"fmt"
)

// ErrNotConfirmed is what an action returns when the operator does not confirm its plan. Nothing was changed.
var ErrNotConfirmed = errors.New("aborted: not confirmed")

// A CheckFailed is what a check found although every request succeeded. It has exit code 4.
type CheckFailed struct {
	Text string
	Hint string // what to do next; "": nothing particular
	Step string // of check, at which a join would fail; "": the problem is another one
}

// Error returns what was found.
func (c *CheckFailed) Error() string { return c.Text }

// A DryRun says how far a write goes. The zero DryRun is None.
type DryRun int

// The modes, as kubectl has them.
const (
	None   DryRun = iota // everything is carried out
	Client               // nothing is sent that changes anything
	Server               // the server checks a request and stores nothing
)

// UnmarshalText reads none, client or server; true and false are those of kubeadm, which has a switch.
func (d *DryRun) UnmarshalText(text []byte) error {
	switch string(text) {
	case "none", "false":
		*d = None
	case "client", "true":
		*d = Client
	case "server":
		*d = Server
	default:
		return errors.New("must be one of: none, client, server")
	}
	return nil
}

// MarshalText returns none, client or server.
func (d DryRun) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns none, client or server.
func (d DryRun) String() string { return [...]string{"none", "client", "server"}[d] }

// Suffix marks what a dry run says was done, "" for None.
func (d DryRun) Suffix() string {
	return map[DryRun]string{Client: " (dry run)", Server: " (server dry run)"}[d]
}

// undelivered is the error of an action that could not hand over what it created, with what became of that. delivered says
// how it would have been: printed, or written.
func undelivered(err error, delivered string, undone []Object, undoErr error) error {
	switch len(undone) {
	case 0:
	case 1:
		err = fmt.Errorf("%w: %s was created in %s, could not be %s, and was deleted again", err, undone[0].Name, undone[0].Where, delivered)
	default:
		err = fmt.Errorf("%w: %d %ss were created, could not be %s, and were deleted again", err, len(undone), undone[0].Noun, delivered)
	}
	return errors.Join(err, undoErr)
}
