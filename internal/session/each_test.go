// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// values returns what the operations returned.
func values[T any](t *testing.T, results []session.Result[T]) (out []T) {
	t.Helper()
	for _, result := range results {
		if result.Err != nil {
			t.Errorf("%s: %v", session.Describe(result.Key), result.Err)
		}
		out = append(out, result.Value)
	}
	return out
}

func TestAnOperationRunsOnEveryTargetInTheirOrder(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b", "c")
	servers["a"].On("", "", apitest.Delay(50*time.Millisecond)) // it is the last to answer
	s, _ := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, results), []string{"a" + admin, "b" + admin, "c" + admin}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithoutASelectionTheCurrentContextIsVisited(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b")
	s, _ := open(apitest.KubeconfigAt(t, "b", servers))
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if got := values(t, results); err != nil || !slices.Equal(got, []string{"b" + admin}) {
		t.Errorf("got %q, %v", got, err)
	}
	if sent := servers["a"].Requests(); len(sent) > 0 {
		t.Errorf("a received %s", sent)
	}
}

func TestOnVisitsTheTargetsThatItIsGiven(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b", "c")
	s, _ := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	targets, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, session.On(t.Context(), s, targets[1:], 0, whoAmI)), []string{"b" + admin, "c" + admin}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if sent := servers["a"].Requests(); len(sent) > 0 {
		t.Errorf("a received %s", sent)
	}
}

func TestAClientOfEachOpenStaysOpenForTheCaller(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, serversOf(t, "a"))
	results, err := session.EachOpen(t.Context(), s, 0, func(_ context.Context, _ fleet.Target, client *kube.Client) (*kube.Client, error) {
		return client, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	client := values(t, results)[0]
	defer client.Close()
	if user, err := client.WhoAmI(t.Context()); err != nil || user.Username != "kubernetes-admin" {
		t.Errorf("got %v, %v", user, err)
	}
}

func TestATargetThatIsDownHidesNoOther(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "c")
	servers["b"] = apitest.Down(t)
	s, _ := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || len(results) != 3 {
		t.Fatalf("got %v, %v", results, err)
	}
	found, failures := session.Collect(s, results)
	if want := []string{"a" + admin, "c" + admin}; !slices.Equal(found, want) || failures.Done != 2 {
		t.Errorf("got %q, want %q; done: %d", found, want, failures.Done)
	}
	errs := failures.Errors()
	if len(errs) != 1 || failure.ReasonOf(failures.All()[0].Err) != failure.Unreachable ||
		!strings.HasPrefix(errs[0].Error(), `Unreachable, 1 of 3 ("b"): `) {
		t.Errorf("got %q", errs)
	}
}

func TestTheOneTargetThatIsDownIsNamedWithoutAGroup(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, map[string]*apitest.Server{"a": apitest.Down(t)})
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	found, failures := session.Collect(s, results)
	if errs := failures.Errors(); len(found) != 0 || failures.Done != 0 || len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), `context "a": `) {
		t.Errorf("got %q, %q", found, errs)
	}
}

func TestNoTargetIsStartedAfterTooManyFailures(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "b", "c")
	servers["a"] = apitest.Down(t)
	s, _ := onServers(t, servers)
	s.Selection, s.Parallel, s.MaxFailures = fleet.Selection{All: true}, 1, 1
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	_, failures := session.Collect(s, results)
	errs := failures.Errors()
	if len(errs) != 2 {
		t.Fatalf("got %q", errs)
	}
	expect(t, errs[1].Error(), `Interrupted, 2 of 3 ("b", "c"): not started: 1 other had failed`)
	if sent := append(servers["b"].Requests(), servers["c"].Requests()...); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
}

func TestNoTargetIsStartedAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b")
	s, _ := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	results, err := session.Each(ctx, s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if failure.ReasonOf(result.Err) != failure.Interrupted {
			t.Errorf("%s: %v", result.Key.Context, result.Err)
		}
	}
}

func TestAKilledRunIsUnknown(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a")
	servers["a"].On("", "", apitest.Hang(nil))
	kill := make(chan struct{})
	s, _ := onServers(t, servers)
	s.Kill = kill
	results, err := session.Each(t.Context(), s, 0, func(ctx context.Context, target fleet.Target, client *kube.Client) (string, error) {
		close(kill)
		return whoAmI(ctx, target, client)
	})
	if err != nil || failure.ReasonOf(results[0].Err) != failure.Unknown {
		t.Errorf("got %v, %v", results, err)
	}
}

func TestAsManyTargetsAreVisitedAtOnceAsFilesAllow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ parallel, files, want int }{
		{16, 0, 16},    // the limit is unknown
		{16, -1, 16},   //
		{16, 1024, 16}, // enough for all
		{16, 46, 6},    // 16 for others, 5 for each
		{4, 46, 4},
		{16, 16, 1}, // at least one
		{16, 3, 1},
	} {
		s, _ := open("")
		s.Parallel, s.MaxFiles = test.parallel, test.files
		if got := session.Runner[string](s, 100, 0).Parallel; got != test.want {
			t.Errorf("--parallel %d with %d files: %d at once, want %d", test.parallel, test.files, got, test.want)
		}
	}
}

func TestParallelBoundsTheTargetsInProgress(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, map[string]*apitest.Server{
		"a": {URL: "https://a:6443"}, "b": {URL: "https://b:6443"}, "c": {URL: "https://c:6443"}, "d": {URL: "https://d:6443"},
	})
	s.Selection, s.Parallel = fleet.Selection{All: true}, 2
	var running, most atomic.Int32
	both := make(chan struct{}) // closed when two run at once
	results, err := session.Each(t.Context(), s, 0, func(ctx context.Context, _ fleet.Target, _ *kube.Client) (int32, error) {
		now := running.Add(1)
		defer running.Add(-1)
		if most.Load() < now {
			most.Store(now)
			if now == 2 {
				close(both)
			}
		}
		select {
		case <-both:
			return now, nil
		case <-ctx.Done():
			return now, ctx.Err()
		}
	})
	if err != nil || len(values(t, results)) != 4 || most.Load() != 2 {
		t.Errorf("%d ran at once; %v", most.Load(), err)
	}
}

func TestARunnerBoundsTheTimeOfEachTarget(t *testing.T) {
	t.Parallel()
	s, _ := open("")
	s.RequestTimeout, s.MaxFailures = 15*time.Second, 3
	runner := session.Runner[string](s, 1, 30*time.Second)
	if runner.Timeout != 90*time.Second || runner.Grace != 30*time.Second || runner.MaxFailures != 3 {
		t.Errorf("got %+v", runner)
	}
	s.RequestTimeout = 0
	if runner := session.Runner[string](s, 1, 0); runner.Timeout != time.Minute || runner.Grace != 2*time.Second {
		t.Errorf("without a limit for requests: %+v", runner)
	}
}

func TestProgressIsShownForManyTargetsOnATerminalOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keys     int
		terminal bool
		want     bool
	}{{1, true, false}, {2, true, true}, {2, false, false}} {
		var out screen
		s := session.New(session.Environment{Terminal: terminal.New(terminal.Streams{Err: &out, ErrTTY: test.terminal})})
		if got := session.Runner[string](s, test.keys, 0).Watch != nil; got != test.want {
			t.Errorf("%d targets, on a terminal %v: progress is shown %v", test.keys, test.terminal, got)
		}
	}
}

func TestTheProgressLineShowsTheSlowestTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		progress fleet.Progress
		want     string
	}{
		{fleet.Progress{Done: 3, Failed: 1, Left: 7}, "joinctl: 2 done, 1 failed, 7 left"},
		{
			fleet.Progress{Done: 3, Left: 7, Slowest: "hub", For: 2500 * time.Millisecond},
			"joinctl: 3 done, 0 failed, 7 left; hub takes 2s",
		},
		{
			fleet.Progress{Left: 1, Slowest: strings.Repeat("x", 31), For: time.Second},
			"joinctl: 0 done, 0 failed, 1 left; " + strings.Repeat("x", 29) + "… takes 1s",
		},
		{fleet.Progress{Done: 1, Over: true}, ""},
	} {
		var out screen
		s := session.New(session.Environment{Terminal: terminal.New(terminal.Streams{Err: &out, ErrTTY: true})})
		watch := session.Runner[string](s, 2, 0).Watch
		watch(fleet.Progress{Left: 10})
		watch(test.progress)
		shown := out.String()[strings.LastIndex(out.String(), "\r")+1:]
		expect(t, strings.TrimSuffix(shown, "\x1b[K"), test.want)
	}
}

func TestAWarningOfManyServersIsWrittenOnceWithTheirNames(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{}
	for i := range 7 {
		server := apitest.New(t)
		server.Warn("v1 Secret is deprecated")
		servers[fmt.Sprintf("hub-%d", i)] = server
	}
	servers["hub-3"].Warn("etcd is slow")
	s, out := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	values(t, results)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	if want := []string{
		`joinctl: warning: the server says: etcd is slow ("hub-3")`,
		`joinctl: warning: the server says: v1 Secret is deprecated ("hub-0", "hub-1", "hub-2", "hub-3", "hub-4" and 2 more)`,
	}; !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", out, strings.Join(want, "\n"))
	}
}

func TestAWarningOfOneServerNamesItsContext(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a")
	servers["a"].Warn("v1 Secret is deprecated")
	s, out := onServers(t, servers)
	if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
		t.Fatal(err)
	}
	expect(t, out.String(), "joinctl: warning: the server of context a says: v1 Secret is deprecated\n")
}

func TestACommandWarnsOfManyTargetsTogether(t *testing.T) {
	t.Parallel()
	s, out := onServers(t, serversOf(t, "a", "b"))
	s.Selection = fleet.Selection{All: true}
	warn := func(_ context.Context, target fleet.Target, _ *kube.Client) (int, error) {
		s.Warn(target, "a loopback address: only this machine reaches it")
		return 0, errors.New("it failed")
	}
	if _, err := session.Each(t.Context(), s, 0, warn); err != nil {
		t.Fatal(err)
	}
	expect(t, out.String(), `joinctl: warning: a loopback address: only this machine reaches it ("a", "b")`+"\n")

	s, out = onServers(t, serversOf(t, "a"))
	s.Warn(fleet.Target{Context: "a"}, "100% true")
	expect(t, out.String(), "joinctl: warning: 100% true\n")
}

func TestAClockThatDiffersIsReported(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b")
	servers["b"].Clock(-5 * time.Minute)
	for name, want := range map[string]string{
		"a": "",
		"b": "joinctl: warning: this machine's clock is 5m ahead of the server's of context b; times here are the server's\n",
	} {
		s, out := onServers(t, servers)
		s.Selection.Contexts = []string{name}
		if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		for _, late := range []string{"5m1s", "4m59s"} { // the Date of an answer has whole seconds
			text = strings.ReplaceAll(text, late, "5m")
		}
		expect(t, text, want)
	}
}

func TestOneClockThatDiffersFromManyServersIsReportedOnce(t *testing.T) {
	t.Parallel()
	s, out := onServers(t, serversOf(t, "a", "b", "c"))
	s.Selection = fleet.Selection{All: true}
	start := time.Now().Add(-time.Hour).Truncate(time.Second).Add(500 * time.Millisecond)
	s.Now = func() time.Time { return start }
	if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if lines := strings.Count(text, "\n"); lines > 2 || // a second can pass between two answers
		!strings.HasPrefix(text, "joinctl: warning: this machine's clock is 1h") ||
		!strings.Contains(text, ` behind the server's; times here are the server's ("a"`) {
		t.Errorf("got %s", text)
	}
}
