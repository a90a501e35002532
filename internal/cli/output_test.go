// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

func TestADocumentShowsEachFailureWithItsTargetAndReason(t *testing.T) {
	t.Parallel()
	conflict := &failure.Error{Reason: failure.Conflict, Err: errors.New("token 07401b.0123456789abcdef is another one")}
	hub := fleet.Target{Context: "hub"}
	failures := (&session.Session{}).GroupedFailures()
	failures.Add(hub, conflict)
	failures.Add(hub.With("m1"), conflict)
	failures.AddCluster(hub, "m2", conflict)
	failures.Add(fleet.Target{}, conflict)
	got, err := json.Marshal(failureItems(&session.Session{Environment: session.Environment{Terminal: terminal.New(terminal.Streams{})}}, failures))
	if err != nil {
		t.Fatal(err)
	}
	const rest = `"reason":"Conflict","code":"JC307","message":"token <hidden> is another one"}`
	want := `[{"context":"hub",` + rest + `,{"context":"hub","member":"m1",` + rest +
		`,{"context":"hub","member":"m2",` + rest + `,{"context":"",` + rest + `]`
	if got := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(got)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// printed prints a list of two items, and returns stdout, stderr and the exit code.
func printed(t *testing.T, s *session.Session, env *Env, out, told *strings.Builder, format string, items []place, failures *session.Failures) (stdout, stderr string, code int) {
	t.Helper()
	var f output.Format
	if format != "" {
		if err := f.UnmarshalText([]byte(format)); err != nil {
			t.Fatal(err)
		}
	}
	view := withPlace(s, output.View[place]{
		Name:    func(p place) string { return "secret/" + p.name },
		Columns: []output.Column[place]{{Title: "Token", Cell: func(p place) string { return p.name }}},
	}, func(p place) place { return p })
	err := printList(env, s, &f, "TokenList", "bootstrap tokens", view, items, failures)
	return out.String(), told.String(), exitCode(t.Context(), err, true)
}

func TestAListShowsWhereItsItemsAreWhereSeveralTargetsCanBeMeant(t *testing.T) {
	t.Parallel()
	items := []place{{context: "a", member: "m1", name: "x"}, {context: "b\x1b", member: "m2", name: "y"}}
	all := fleet.Selection{All: true}
	for name, test := range map[string]struct {
		options session.Options
		format  string
		want    string
		refused bool // a name, because it contains a control character
	}{
		"one target":       {session.Options{}, "table", "TOKEN\nx\ny\n", false},
		"its names":        {session.Options{}, "name", "secret/x\nsecret/y\n", false},
		"many contexts":    {session.Options{Selection: all}, "table", "CONTEXT   TOKEN\na         x\nb         y\n", false},
		"their names":      {session.Options{Selection: all}, "name", "a/x\n", true},
		"many members":     {session.Options{Members: session.Members{All: true}}, "table", "CONTEXT   MEMBER   TOKEN\na         m1       x\nb         m2       y\n", false},
		"names of members": {session.Options{Members: session.Members{All: true}}, "name", "a/m1/x\n", true},
	} {
		var out, told strings.Builder
		env := &Env{In: strings.NewReader(""), Out: &out, Err: &told, Now: time.Now}
		s := newSession(env)
		s.Options = test.options
		stdout, stderr, code := printed(t, s, env, &out, &told, test.format, items, failuresOf(2))
		lines := strings.Split(stdout, "\n")
		for i, line := range lines {
			if test.format == "table" {
				lines[i] = strings.TrimRight(line, " ")
			}
		}
		if got := strings.Join(lines, "\n"); got != test.want || stderr != "" || (code != ExitOK) != test.refused {
			t.Errorf("%s: got %q, want %q; stderr %q, exit code %d", name, got, test.want, stderr, code)
		}
	}
}

func TestAnEmptyListIsSaidToBeEmptyUnlessNothingWasSearched(t *testing.T) {
	t.Parallel()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": {URL: "https://hub:6443"}})
	unreachable := &failure.Error{Reason: failure.Unreachable, Err: errors.New("no route to host")}
	for name, test := range map[string]struct {
		options session.Options
		done    int
		errs    []error
		told    string
		code    int
	}{
		"one context":     {session.Options{}, 1, nil, "joinctl: no bootstrap tokens in context hub\n", ExitOK},
		"one of many":     {session.Options{Selection: fleet.Selection{All: true}}, 1, nil, "joinctl: no bootstrap tokens in 1 context\n", ExitOK},
		"many contexts":   {session.Options{Selection: fleet.Selection{All: true}}, 3, nil, "joinctl: no bootstrap tokens in 3 contexts\n", ExitOK},
		"many members":    {session.Options{Members: session.Members{All: true}}, 2, nil, "joinctl: no bootstrap tokens in 2 members\n", ExitOK},
		"some failed":     {session.Options{Selection: fleet.Selection{All: true}}, 1, []error{unreachable}, "joinctl: no bootstrap tokens in 1 context\n", ExitPartial},
		"all have failed": {session.Options{}, 0, []error{unreachable}, "", ExitFailed},
	} {
		var out, told strings.Builder
		env := &Env{In: strings.NewReader(""), Out: &out, Err: &told, Now: time.Now}
		s := newSession(env)
		s.Options = test.options
		s.Kubeconfig = kubeconfig
		stdout, stderr, code := printed(t, s, env, &out, &told, "json", nil, failuresOf(test.done, test.errs...))
		if stderr != test.told || code != test.code {
			t.Errorf("%s: stderr %q, want %q; exit code %d, want %d", name, stderr, test.told, code, test.code)
		}
		var document output.List[place]
		if err := json.Unmarshal([]byte(stdout), &document); err != nil || document.Kind != "TokenList" || document.Items == nil || len(document.Failures) != len(test.errs) {
			t.Errorf("%s: %v, %s", name, err, stdout)
		}
	}
}

// closedPipe is a stdout that nobody reads.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAListThatCannotBeDeliveredIsAFailureAndNotPartial(t *testing.T) {
	t.Parallel()
	var out, told strings.Builder
	env := &Env{In: strings.NewReader(""), Out: closedPipe{}, Err: &told, Now: time.Now}
	s := newSession(env)
	s.Selection = fleet.Selection{All: true}
	_, _, code := printed(t, s, env, &out, &told, "table", []place{{name: "x"}}, failuresOf(1, errors.New("it failed")))
	if code != ExitFailed {
		t.Errorf("the exit code is %d", code)
	}
}

func TestALostStdoutIsNoticedBeforeACredentialIsCreated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  *Env
		want string
	}{
		"it works":           {&Env{Out: io.Discard}, ""},
		"it is closed":       {&Env{Out: io.Discard, OutLost: true}, "stdout is closed, or /dev/null opened for reading and writing: a credential would be lost, so none was created"},
		"nobody reads it":    {&Env{Out: closedPipe{}}, "stdout cannot be written to: a credential would be lost, so none was created\n" + io.ErrClosedPipe.Error()},
		"both, closed first": {&Env{Out: closedPipe{}, OutLost: true}, "stdout is closed, or /dev/null opened for reading and writing: a credential would be lost, so none was created"},
	} {
		if got := errorText(test.env.checkStdout()); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestTextOfTables(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("CET", 3600))
	if got := timestamp(now); got != "2026-01-02T02:04:05Z" || timestamp(time.Time{}) != "" {
		t.Errorf("got %s", got)
	}
	for _, test := range []struct {
		until time.Time
		want  *int64
		cell  string
	}{
		{time.Time{}, nil, "forever"},
		{now.Add(90 * time.Second), new(int64(90)), "1m30s"},
		{now, new(int64(0)), "<expired>"},
		{now.Add(-time.Hour), new(int64(-3600)), "<expired>"},
	} {
		got := secondsUntil(test.until, now)
		if !reflect.DeepEqual(got, test.want) || ttlCell(got, "forever") != test.cell {
			t.Errorf("until %s: got %v, %s", test.until, got, ttlCell(got, "forever"))
		}
	}
	if got := []string{commaList(nil), commaList([]string{""}), commaList([]string{"a", "b"})}; !slices.Equal(got, []string{"<none>", "<none>", "a,b"}) {
		t.Errorf("got %q", got)
	}
}
