// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// failuresOf returns Failures, one for each error, of a run in which something was done too. Contexts are a, b, c …
func failuresOf(done int, errs ...error) *session.Failures {
	s := &session.Session{Options: session.Options{Selection: fleet.Selection{All: true}}}
	failures := s.NewFailures()
	failures.Done = done
	for i, err := range errs {
		failures.Add(fleet.Target{Context: string(rune('a' + i))}, err)
	}
	return failures
}

func TestTheExitCodeRanksEverythingThatWentWrong(t *testing.T) {
	t.Parallel()
	var (
		config    = &failure.ConfigError{Err: errors.New("no such context"), Hint: "choose another"}
		forbidden = &failure.Error{Reason: failure.Forbidden, Err: errors.New("may not list")}
		lost      = io.ErrClosedPipe // the output could not be delivered
		finding   = &action.CheckFailed{Text: "cluster-info is not signed"}
		rollBack  = &failure.Error{Reason: failure.Unknown, Err: fmt.Errorf("the token may be left: %w", config)}
	)
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"nothing":               {finish(nil, nil, failuresOf(3)), ExitOK},
		"nothing, and no count": {finish(nil, nil, nil), ExitOK},

		"a plain error":                    {lost, ExitFailed},
		"not confirmed":                    {action.ErrNotConfirmed, ExitFailed},
		"a selection error":                {config, ExitUsage},
		"a selection error, wrapped":       {fmt.Errorf("--contexts-file: %w", config), ExitUsage},
		"two selection errors":             {errors.Join(config, config), ExitUsage},
		"it unwraps to a selection error":  {errors.Join(lost, config), ExitFailed},
		"it wraps two, one of a selection": {fmt.Errorf("%w, then: %w", lost, config), ExitFailed},
		"a roll-back for the kubeconfig":   {rollBack, ExitFailed},

		"a finding":                         {finish(nil, []error{finding}, failuresOf(1)), ExitProblem},
		"a finding and a delivery error":    {finish(lost, []error{finding}, failuresOf(1)), ExitFailed},
		"a finding and partial failures":    {finish(nil, []error{finding}, failuresOf(1, forbidden)), ExitPartial},
		"a finding, and all others failed":  {finish(nil, []error{finding}, failuresOf(0, forbidden)), ExitFailed},
		"a finding and a wrong kubeconfig":  {finish(nil, []error{finding}, failuresOf(0, config)), ExitFailed},
		"findings that are joined":          {finish(nil, []error{errors.Join(finding, finding)}, nil), ExitProblem},
		"an outcome within another error":   {errors.Join(finish(nil, []error{finding}, nil), lost), ExitFailed},
		"an outcome within a wrapped error": {fmt.Errorf("profile: %w", finish(nil, []error{finding}, nil)), ExitFailed},

		"all failed":                           {finish(nil, nil, failuresOf(0, forbidden, forbidden)), ExitFailed},
		"some failed":                          {finish(nil, nil, failuresOf(1, forbidden)), ExitPartial},
		"some failed, and a delivery error":    {finish(lost, nil, failuresOf(1, forbidden)), ExitFailed},
		"all failed for the kubeconfig":        {finish(nil, nil, failuresOf(0, config, config)), ExitUsage},
		"some failed for the kubeconfig":       {finish(nil, nil, failuresOf(2, config)), ExitPartial},
		"one for the kubeconfig, one not":      {finish(nil, nil, failuresOf(0, config, forbidden)), ExitFailed},
		"the kubeconfig, and a delivery error": {finish(lost, nil, failuresOf(0, config)), ExitFailed},
		"a delivery error with a cause": {
			finish(errors.Join(lost, config), nil, failuresOf(1)), ExitFailed,
		},
		"a selection error after something was done": {finish(config, nil, failuresOf(1)), ExitFailed},
		"a failure joined with a selection error":    {finish(nil, nil, failuresOf(0, errors.Join(forbidden, config))), ExitFailed},
		"a lost answer": {finish(nil, nil, failuresOf(1, rollBack)), ExitPartial},
	} {
		if got := exitCode(t.Context(), test.err, true); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
		interrupted, cancel := context.WithCancel(t.Context())
		cancel()
		if got := exitCode(interrupted, test.err, true); got != ExitInterrupted {
			t.Errorf("%s, and an interrupt: got %d", name, got)
		}
		if got := exitCode(t.Context(), test.err, false); test.err != nil && got != ExitUsage {
			t.Errorf("%s, before the command started: got %d", name, got)
		}
	}
}

// explained returns the lines that explain an error.
func explained(err error) []string {
	var out strings.Builder
	explain(terminal.New(terminal.Streams{Err: &out}), err)
	return slices.DeleteFunc(strings.Split(out.String(), "\n"), func(line string) bool { return line == "" })
}

func TestEverythingThatWentWrongIsExplainedLineByLine(t *testing.T) {
	t.Parallel()
	forbidden := &failure.Error{Reason: failure.Forbidden, Hint: "this needs the verb list", Err: errors.New("may not list")}
	err := finish(
		errors.Join(errors.New("write: broken pipe"), errors.New("token abcdef is left")),
		[]error{&action.CheckFailed{Text: "cluster-info is not signed", Hint: "joinctl doctor says why"}},
		failuresOf(1, forbidden, forbidden, &failure.Error{Reason: failure.Unknown, Err: errors.New("the answer was lost")}),
	)
	want := []string{
		"joinctl: error: write: broken pipe",
		"joinctl: error: token abcdef is left",
		"joinctl: error: cluster-info is not signed",
		"joinctl: hint: joinctl doctor says why",
		`joinctl: error: Forbidden, 2 of 4 ("a", "b"): may not list`,
		"joinctl: hint: this needs the verb list",
		`joinctl: error: context "c": the answer was lost`,
	}
	if got := explained(err); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := err.Error(); strings.Count(text, "\n") != 4 || !strings.HasPrefix(text, "write: broken pipe\ntoken abcdef is left\n") {
		t.Errorf("its text is %q", text)
	}
	if got := explained(errors.Join(err, errors.New("profile.pprof: no space left"))); len(got) != len(want)+1 {
		t.Errorf("joined with another error, it is\n%s", strings.Join(got, "\n"))
	}
}

func TestAHintIsGivenOnce(t *testing.T) {
	t.Parallel()
	one := &failure.ConfigError{Err: errors.New("first"), Hint: "choose a context"}
	two := &failure.ConfigError{Err: errors.New("second"), Hint: "choose a context"}
	want := []string{"joinctl: error: first", "joinctl: hint: choose a context", "joinctl: error: second"}
	if got := explained(errors.Join(one, two)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnErrorThatWrapsSeveralKeepsItsText(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("delete token abcdef: %w, and then: %w", errors.New("no answer"), errors.New("no connection"))
	want := []string{"joinctl: error: delete token abcdef: no answer, and then: no connection"}
	if got := explained(err); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoErrorIsExplainedWithACredential(t *testing.T) {
	t.Parallel()
	got := strings.Join(explained(&failure.ConfigError{
		Err: errors.New("bad name 07401b.0123456789abcdef"), Hint: "not 07401b.0123456789abcdef",
	}), "\n")
	if strings.Contains(got, "0123456789abcdef") || strings.Count(got, "<hidden>") != 2 {
		t.Errorf("got %s", got)
	}
}
