// SPDX-License-Identifier: Apache-2.0

// Package failure classifies errors: it gives each failed call a reason that scripts can match on, and a hint.
package failure

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Reason says in one word why a call failed. Scripts match on it.
type Reason string

// The reasons. Every failure has exactly one.
const (
	Unreachable      Reason = "Unreachable"      // no connection, or the server's certificate is not trusted
	Timeout          Reason = "Timeout"          // no answer in time
	TooManyRequests  Reason = "TooManyRequests"  // the server refuses requests for now: not done
	Unauthorized     Reason = "Unauthorized"     // the server does not accept the credential
	Forbidden        Reason = "Forbidden"        // the user lacks the right
	NotFound         Reason = "NotFound"         // the object does not exist
	Conflict         Reason = "Conflict"         // the object exists already, or has changed
	Invalid          Reason = "Invalid"          // the kubeconfig is wrong, or the server rejects the content
	CredentialPlugin Reason = "CredentialPlugin" // the exec plugin of the kubeconfig returned no credential
	Unsupported      Reason = "Unsupported"      // the server does not support the request
	Interrupted      Reason = "Interrupted"      // not done, because the operator stopped the run
	Unknown          Reason = "Unknown"          // the answer was lost: the request may have succeeded
	Internal         Reason = "Internal"         // any other error
)

// An Error adds a reason or a hint to another error.
type Error struct {
	Reason Reason // empty: that of Err
	Err    error
	Hint   string // what to do next; empty: no hint
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Unknownf returns an error with the reason Unknown, with the text of fmt.Errorf.
func Unknownf(format string, args ...any) error {
	return &Error{Reason: Unknown, Err: fmt.Errorf(format, args...)}
}

// A ConfigError is a mistake in the kubeconfig, in the selection of contexts or in the value of a flag: nothing was
// attempted. Its reason is Invalid.
type ConfigError struct {
	Err  error
	Hint string // what to do next; empty: no hint
}

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// IsConfig reports whether an error is nothing else than a ConfigError, or several: of errors that are joined, each has to
// be one, and an Error with a reason of its own is none, whatever it wraps. Nothing was attempted then.
func IsConfig(err error) bool {
	switch e := err.(type) { //nolint:errorlint // it goes from error to error
	case nil:
		return false
	case *ConfigError:
		return true
	case *Error:
		return e.Reason == "" && IsConfig(e.Err)
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(one error) bool { return !IsConfig(one) })
	}
	return IsConfig(errors.Unwrap(err))
}

// NotSent is the error of a request that failed before it had a connection. IsNotSent recognizes it.
type NotSent struct{ Err error }

func (e NotSent) Error() string { return e.Err.Error() }
func (e NotSent) Unwrap() error { return e.Err }

// requiredRightPrefix begins the hint that WithRequiredRight adds.
const requiredRightPrefix = "this needs "

// WithRequiredRight adds a hint that names the right a request needs to an error with the reason Forbidden. It returns
// every other error unchanged.
func WithRequiredRight(right string, err error) error {
	if ReasonOf(err) != Forbidden {
		return err
	}
	return &Error{Err: err, Hint: requiredRightPrefix + right}
}

// RequiredRight returns the right that WithRequiredRight added to an error, "" if it added none.
func RequiredRight(err error) string {
	if known := (*Error)(nil); errors.As(err, &known) {
		if right, ok := strings.CutPrefix(known.Hint, requiredRightPrefix); ok {
			return right
		}
	}
	return ""
}
