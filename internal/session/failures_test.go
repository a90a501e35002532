// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

var (
	errConflict  = &failure.Error{Reason: failure.Conflict, Err: errors.New("it is another object")}
	errForbidden = &failure.Error{Reason: failure.Forbidden, Err: errors.New("may not list")}
	errUnknown   = &failure.Error{Reason: failure.Unknown, Err: errors.New("the answer was lost")}
	errConfig    = &failure.ConfigError{Err: errors.New("no such file")}
)

// many returns a Session the options of which can mean many contexts.
func many() *session.Session {
	return &session.Session{Options: session.Options{Selection: fleet.Selection{All: true}}}
}

// texts returns failures as people read them.
func texts(f *session.Failures) (lines []string) {
	for _, err := range f.Errors() {
		lines = append(lines, err.Error())
	}
	return lines
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func at(context string) fleet.Target { return fleet.Target{Context: context} }

func TestFailuresAreGroupedByReasonInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	f.Done = 4
	f.Add(at("a"), errConflict)
	f.Add(at("b"), errForbidden)
	f.Add(at("c"), &failure.Error{Err: errConflict, Hint: "look"})
	expectLines(t, texts(f),
		`Conflict, 2 of 7 ("a", "c"): it is another object`,
		`Forbidden, 1 of 7 ("b"): may not list`,
	)
}

func TestEachMistakeIsAGroupOfItsOwn(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	f.Done = 4
	for context, mistake := range map[string]string{"a": `cluster "x" does not exist`, "b": `user "y" has no client key`} {
		f.Add(at(context), &failure.ConfigError{Err: errors.New(mistake)})
		f.Add(at(context+"2"), &failure.ConfigError{Err: errors.New(strings.Replace(mistake, `"`, `"2`, 1))})
	}
	got := texts(f)
	slices.Sort(got)
	expectLines(t, got,
		`Invalid, 2 of 8 ("a", "a2"): cluster "x" does not exist`,
		`Invalid, 2 of 8 ("b", "b2"): user "y" has no client key`,
	)
}

func TestAFailureThatLeavesOpenWhatWasDoneIsAlwaysByItself(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	f.Add(at("a"), errUnknown)
	f.Add(at("b"), errConflict)
	f.Add(at("c"), errUnknown)
	f.AddCluster(at("hub"), "m1", errUnknown)
	expectLines(t, texts(f),
		`context "a": the answer was lost`,
		`Conflict, 1 of 4 ("b"): it is another object`,
		`context "c": the answer was lost`,
		`cluster "m1": the answer was lost`,
	)
}

func TestAGroupHasNoEmptyNames(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	f.Done = 1
	f.Add(fleet.Target{}, errConflict)
	expectLines(t, texts(f), "Conflict, 1 of 2: it is another object")
	f.Add(at("a"), errConflict)
	expectLines(t, texts(f), `Conflict, 2 of 3 ("a"): it is another object`)
}

func TestAGroupNamesEachTargetOnce(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	for _, context := range []string{"a", "a", "b", "a", "b"} { // references, target by target
		f.Add(at(context), errConflict)
	}
	f.Add(at("a").With("m1"), errConflict)
	expectLines(t, texts(f), `Conflict, 6 of 6 ("a", "b", "a/m1"): it is another object`)
}

func TestAGroupNamesFiveTargetsAndCountsTheRest(t *testing.T) {
	t.Parallel()
	f := many().NewFailures()
	for i := range 30 {
		f.Add(at(fmt.Sprintf("hub-%02d", i)), errConflict)
	}
	expectLines(t, texts(f), `Conflict, 30 of 30 ("hub-00", "hub-01", "hub-02", "hub-03", "hub-04" and 25 more): it is another object`)
}

func TestAFailureHasTheNameOfItsTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failure session.Failure
		want    string
	}{
		{session.Failure{Err: errConflict}, "it is another object"},
		{session.Failure{Target: at("a"), Err: errConflict}, `context "a": it is another object`},
		{session.Failure{Target: at("a").With("m1"), Err: errConflict}, `member "m1" of context "a": it is another object`},
		{session.Failure{Target: at("").With("m1"), Err: errConflict}, `member "m1": it is another object`},
		{session.Failure{Target: at("a"), Cluster: "m1", Err: errConflict}, `cluster "m1": it is another object`},
	} {
		expect(t, test.failure.Error(), test.want)
		if !errors.Is(test.failure, errConflict) || failure.ReasonOf(test.failure) != failure.Conflict {
			t.Errorf("%v is not the error that was added", test.failure)
		}
	}
}

func TestAClusterThatIsToJoinIsNoMember(t *testing.T) {
	t.Parallel()
	one := (&session.Session{}).NewFailures()
	grouped := (&session.Session{}).GroupedFailures()
	for _, f := range []*session.Failures{one, grouped} {
		f.Done = 1
		f.AddCluster(at("hub"), "m1", errConflict)
		f.AddCluster(at("hub"), "m2", errConflict)
	}
	expectLines(t, texts(one), `cluster "m1": it is another object`, `cluster "m2": it is another object`)
	expectLines(t, texts(grouped), `Conflict, 2 of 3 ("m1", "m2"): it is another object`)
	for _, f := range grouped.All() {
		if f.Target.Context != "hub" || f.Target.Member != "" {
			t.Errorf("the failure is on %+v", f.Target)
		}
	}
}

func TestFailuresOfOneTargetAreReportedByThemselves(t *testing.T) {
	t.Parallel()
	f := (&session.Session{}).NewFailures()
	f.Add(at("a"), errConflict)
	f.Add(at("a"), errConflict)
	expectLines(t, texts(f), `context "a": it is another object`, `context "a": it is another object`)

	var zero session.Failures
	if zero.Any() || zero.OnlyConfig() || zero.Errors() != nil {
		t.Error("the zero Failures have some")
	}
}

func TestOnlyConfigMeansThatNothingElseHappened(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		done int
		errs []error
		want bool
	}{
		"nothing failed":                    {0, nil, false},
		"all failed for the kubeconfig":     {0, []error{errConfig, fmt.Errorf("list: %w", errConfig)}, true},
		"something was done":                {1, []error{errConfig}, false},
		"something failed for its own sake": {0, []error{errConfig, errConflict}, false},
		"the reason is another one": {
			0, []error{&failure.Error{Reason: failure.Unknown, Err: fmt.Errorf("the roll-back failed: %w", errConfig)}}, false,
		},
		"a write failed, and its roll-back for the kubeconfig": {0, []error{errors.Join(errConflict, errConfig)}, false},
	} {
		f := many().NewFailures()
		f.Done = test.done
		for _, err := range test.errs {
			f.Add(at("a"), err)
		}
		if got := f.OnlyConfig(); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAGroupKnowsOtherContextsOfTheSameControlPlanes(t *testing.T) {
	t.Parallel()
	a, b := &apitest.Server{URL: "https://a:6443"}, &apitest.Server{URL: "https://b:6443"}
	s, _ := onServers(t, map[string]*apitest.Server{"a": a, "a-too": a, "b": b, "b-too": b})
	s.Selection = fleet.Selection{All: true}
	targets, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	f := s.NewFailures()
	f.Add(targets[1], errForbidden)
	group, ok := errors.AsType[*session.Group](f.Errors()[0])
	if !ok || !slices.Equal(group.Alternatives(), []string{"b-too"}) || !errors.Is(group.First(), errForbidden) {
		t.Errorf("got %+v", group)
	}
}
