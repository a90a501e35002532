// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
	"github.com/joinctl/joinctl/internal/token"
)

// A shortfall is the part of the work that failed, target by target or object by object.
type shortfall struct {
	failures []targetFailure
	done     int         // targets or objects that did not fail
	conn     *connection // nil: there can be but one target
}

type targetFailure struct {
	target fleet.Target // zero: it is of none in particular
	err    error
}

func (f targetFailure) Error() string {
	switch {
	case f.target.Member != "":
		return fmt.Sprintf("member %q of context %q: %v", f.target.Member, f.target.Context, f.err)
	case f.target.Context != "":
		return fmt.Sprintf("context %q: %v", f.target.Context, f.err)
	}
	return f.err.Error()
}

func (s *shortfall) Error() string { return fmt.Sprintf("%d failed", len(s.failures)) }

// Unwrap makes mistakes in the kubeconfig a usage error where nothing else happened.
func (s *shortfall) Unwrap() []error {
	if s.done > 0 {
		return nil
	}
	var errs []error
	for _, f := range s.failures {
		if config := (*failure.ConfigError)(nil); !errors.As(f.err, &config) {
			return nil
		}
		errs = append(errs, f.err)
	}
	return errs
}

// orNil returns the shortfall as an error, if there is one.
func (s *shortfall) orNil() error {
	if len(s.failures) == 0 {
		return nil
	}
	return s
}

func (s *shortfall) add(target fleet.Target, err error) {
	s.failures = append(s.failures, targetFailure{target, err})
}

// document returns the failures as every structured format shows them.
func (s *shortfall) document() []output.Failure {
	redactor := redact.New()
	var out []output.Failure
	for _, f := range s.failures {
		out = append(out, output.Failure{
			Context: f.target.Context,
			Member:  f.target.Member,
			Reason:  string(failure.ReasonOf(f.err)),
			Message: redactor.Text(f.err.Error()),
		})
	}
	return out
}

// A problem is what a check found although every call worked.
type problem struct {
	text string
	hint string
}

func (p *problem) Error() string { return p.text }

// explain tells the operator what went wrong and what to do next, each once.
func explain(env *Env, err error) {
	hints := map[string]bool{}
	for _, err := range leaves(err) {
		env.say("error: %v", err)
		if hint := hintOf(err); hint != "" && !hints[hint] {
			hints[hint] = true
			env.say("hint: %s", hint)
		}
	}
}

// leaves takes an outcome apart into the errors that are told one by one.
func leaves(err error) []error {
	var out []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if s, ok := err.(*shortfall); ok { //nolint:errorlint // takes the tree apart itself
			return s.leaves()
		}
		for _, one := range joined.Unwrap() {
			out = append(out, leaves(one)...)
		}
		return out
	}
	return []error{err}
}

// Unwrap lets the reason of a failure show.
func (f targetFailure) Unwrap() error { return f.err }

// flagError rewrites pflag's complaint: in one voice, with the command that helps, and without a value that may be a
// credential.
func flagError(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = fmt.Errorf("--%s: %s", invalid.GetFlag().Name, unecho(invalid.Unwrap().Error(), invalid.GetValue()))
	}
	return &usageError{err, cmd.CommandPath()}
}

// A usageError is a mistake in the command line, with the command whose help tells more.
type usageError struct {
	error
	command string
}

// unecho hides a value in a message if it may be a token.
func unecho(message, value string) string {
	if !maybeCredential(value) {
		return message
	}
	return strings.ReplaceAll(message, value, "<hidden>")
}

// maybeCredential reports whether a word could be a token, a token secret, a JWT or a key.
func maybeCredential(s string) bool {
	const shortest = 16 // a token secret
	return token.LooksLike(s) || len(s) >= shortest && !strings.ContainsAny(s, "/: ")
}
