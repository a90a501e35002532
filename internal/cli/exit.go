// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// The exit codes. They are stable.
const (
	ExitOK          = 0   // all done
	ExitFailed      = 1   // failed, or declined
	ExitUsage       = 2   // a mistake in the command line or the kubeconfig: nothing was attempted
	ExitPartial     = 3   // some targets or objects failed
	ExitProblem     = 4   // all requests succeeded, and a check found a problem
	ExitInterrupted = 130 // stopped by a signal
)

// exitCode is the one place where the end of a command becomes a number. Before a command starts, every error is a usage
// error.
func exitCode(ctx context.Context, err error, started bool) int {
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case err == nil:
		return ExitOK
	case !started:
		return ExitUsage
	}
	if ended, ok := err.(*outcome); ok { //nolint:errorlint // an outcome in another error is only a part of the end
		return ended.exitCode()
	}
	return (&outcome{err: err, failures: &session.Failures{}}).exitCode()
}

// An outcome is how a command ended that did its work: what could not be done or shown as a whole, what a check found, and
// what failed on single targets.
type outcome struct {
	err      error
	findings []error
	failures *session.Failures
}

// finish returns the outcome of a command as an error, nil where all went well.
func finish(err error, findings []error, failures *session.Failures) error {
	if failures == nil {
		failures = &session.Failures{}
	}
	if err == nil && len(findings) == 0 && !failures.Any() {
		return nil
	}
	return &outcome{err, findings, failures}
}

// Error lists everything that went wrong. Operators read it line by line: see explain.
func (o *outcome) Error() string { return errors.Join(o.Unwrap()...).Error() }

// Unwrap returns everything that went wrong, in the order in which operators read it.
func (o *outcome) Unwrap() []error {
	out := flatten(o.err)
	for _, finding := range o.findings {
		out = append(out, flatten(finding)...)
	}
	return append(out, o.failures.Errors()...)
}

// exitCode ranks an outcome: 2, then 1 or 3, then 4.
func (o *outcome) exitCode() int {
	onlyConfig := len(o.findings) == 0 && o.failures.Done == 0 &&
		(o.err == nil || failure.IsConfig(o.err)) && (!o.failures.Any() || o.failures.OnlyConfig())
	switch {
	case onlyConfig:
		return ExitUsage
	case o.err != nil, o.failures.Any() && o.failures.Done == 0:
		return ExitFailed
	case o.failures.Any():
		return ExitPartial
	}
	return ExitProblem
}

// flatten returns the errors that were joined into one. One that says more than its parts stays whole.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() {
		return []error{err}
	}
	var out []error
	for _, one := range joined.Unwrap() {
		out = append(out, flatten(one)...)
	}
	return out
}
