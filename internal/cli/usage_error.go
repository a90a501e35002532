// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/token"
)

// A usageError is a mistake in the command line, with the command whose help tells more.
type usageError struct {
	error
	command string
}

// Unwrap returns the mistake itself, which can have a hint of its own.
func (e *usageError) Unwrap() error { return e.error }

// flagError rewrites an error of pflag: in our voice, with the command that helps, and without a value that may be a
// credential. A word that is no command comes first: its flags are those of another command.
func flagError(cmd *cobra.Command, err error) error {
	if unknown := unknownWord(cmd); unknown != nil {
		return unknown
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		err = withSimilar(cmd, err, similarFlags(cmd, unknown.GetSpecifiedName()))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := invalid.GetFlag()
		err = fmt.Errorf("--%s: %s%s", flag.Name, hideValue(invalid.Unwrap().Error(), invalid.GetValue()), durationHint(flag, invalid.GetValue()))
	}
	return &usageError{err, cmd.CommandPath()}
}

// durationHint tells how Go writes a duration that was given in days or without a unit; "" for any other value.
func durationHint(flag *pflag.Flag, value string) string {
	if kind, _ := pflag.UnquoteUsage(flag); kind != "duration" {
		return ""
	}
	number, isDays := strings.CutSuffix(value, "d")
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1 || n > 10_000:
		return ""
	case isDays:
		return fmt.Sprintf("; %s is %dh", value, 24*n)
	}
	return fmt.Sprintf("; %s needs a unit: %dh, %dm or %ds", value, n, n, n)
}

// flagGroupError says in our voice which flags exclude each other: cobra shows two lists (flag_groups.go).
func flagGroupError(cmd *cobra.Command) error {
	err := cmd.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	if _, given, found := strings.Cut(err.Error(), "; ["); found {
		if names, ok := strings.CutSuffix(given, "] were all set"); ok {
			err = errors.New("--" + strings.ReplaceAll(names, " ", " and --") + " exclude each other")
		}
	}
	return &usageError{err, cmd.CommandPath()}
}

// hideValue hides a value in a message if it may be a credential.
func hideValue(message, value string) string {
	if !maybeCredential(value) {
		return message
	}
	return strings.ReplaceAll(message, value, "<hidden>")
}

// maybeCredential reports whether a word can be a token, a token secret, a JWT or a key.
func maybeCredential(s string) bool {
	const shortest = 16 // a token secret
	return token.LooksLike(s) || len(s) >= shortest && !strings.ContainsAny(s, "/: ")
}

// noArgs refuses positional arguments without repeating them: they may be a token.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%s takes no arguments, got %d", cmd.CommandPath(), len(args)), cmd.CommandPath()}
	}
	return nil
}
