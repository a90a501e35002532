// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// parseID reads a name of six characters, alone or after secret/.
func parseID(word string) (string, error) {
	if id := strings.TrimPrefix(word, "secret/"); len(id) == 6 && !strings.Contains(id, "/") {
		return "bootstrap-token-" + id, nil
	}
	return "", errors.New("no token ID")
}

func TestAReferenceIsANameWithTheContextAndMemberThatItIsIn(t *testing.T) {
	t.Parallel()
	const name = "bootstrap-token-abcdef"
	all, one := session.Members{All: true}, session.Members{Names: []string{"m1"}}
	for _, test := range []struct {
		members session.Members
		word    string
		want    session.Ref
	}{
		{session.Members{}, "abcdef", session.Ref{Name: name}},
		{session.Members{}, "secret/abcdef", session.Ref{Name: name}},
		{session.Members{}, "hub/abcdef", session.Ref{Context: "hub", Name: name}},
		{session.Members{}, "arn:aws:eks:eu:1:cluster/prod/abcdef", session.Ref{Context: "arn:aws:eks:eu:1:cluster/prod", Name: name}},
		{session.Members{}, "hub/m1/abcdef", session.Ref{Context: "hub/m1", Name: name}},
		{one, "hub/m1/abcdef", session.Ref{Context: "hub/m1", Name: name}},
		{all, "abcdef", session.Ref{Name: name}},
		{all, "hub/abcdef", session.Ref{Context: "hub", Name: name}},
		{all, "hub/m1/abcdef", session.Ref{Context: "hub", Member: "m1", Name: name}},
		{all, "/m1/abcdef", session.Ref{Context: "/m1", Name: name}}, // without a context before the member
		{all, "cluster/prod/m1/abcdef", session.Ref{Context: "cluster/prod", Member: "m1", Name: name}},
	} {
		s := &session.Session{Options: session.Options{Members: test.members}}
		refs, err := s.ParseRefs([]string{test.word}, parseID)
		if err != nil || !slices.Equal(refs, []session.Ref{test.want}) {
			t.Errorf("%s with members %+v: got %+v, %v", test.word, test.members, refs, err)
		}
		if s.ManyContexts() != test.want.Qualified() {
			t.Errorf("%s: many contexts: %v", test.word, s.ManyContexts())
		}
	}
}

func TestAReferenceIsReturnedOnce(t *testing.T) {
	t.Parallel()
	s := &session.Session{}
	refs, err := s.ParseRefs([]string{"abcdef", "hub/abcdef", "secret/abcdef", "hub/abcdef", "123456"}, parseID)
	if want := []session.Ref{
		{Name: "bootstrap-token-abcdef"}, {Context: "hub", Name: "bootstrap-token-abcdef"}, {Name: "bootstrap-token-123456"},
	}; err != nil || !slices.Equal(refs, want) {
		t.Errorf("got %+v, %v", refs, err)
	}
}

func TestAWordThatIsNoReferenceIsCountedAndNotRepeated(t *testing.T) {
	t.Parallel()
	s := &session.Session{}
	for _, test := range []struct {
		words []string
		want  string
	}{
		{nil, "no token is named"},
		{[]string{"abcdef", "my-secret"}, "token 2 of 2: no token ID"},
		{[]string{"hub/my-secret"}, "token 1 of 1: no token ID"},
		{[]string{"/abcdef"}, "token 1 of 1: no token ID"}, // without a context
		{[]string{"hub/"}, "token 1 of 1: no token ID"},
		{[]string{""}, "token 1 of 1: no token ID"},
	} {
		refs, err := s.ParseRefs(test.words, parseID)
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: got %+v, %v", test.words, refs, err)
		}
	}
}

func TestReferencesSelectTheContextsThatTheyName(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{}
	for _, name := range []string{"a", "b", "c"} {
		servers[name] = &apitest.Server{URL: "https://" + name + ":6443"}
	}
	servers["b-too"] = servers["b"]
	kubeconfig := apitest.KubeconfigAt(t, "a", servers)
	for name, test := range map[string]struct {
		selection fleet.Selection
		words     []string
		visited   []string
		resolved  []string // contexts
	}{
		"an unqualified one means the current context": {fleet.Selection{}, []string{"abcdef"}, []string{"a"}, []string{""}},
		"a qualified one means its context":            {fleet.Selection{}, []string{"c/abcdef"}, []string{"c"}, []string{"c"}},
		"qualified ones mean theirs only":              {fleet.Selection{}, []string{"c/abcdef", "b/abcdef"}, []string{"b", "c"}, []string{"c", "b"}},
		"one of each means the current context too":    {fleet.Selection{}, []string{"c/abcdef", "abcdef"}, []string{"a", "c"}, []string{"c", ""}},
		"the current context is meant once":            {fleet.Selection{}, []string{"a/abcdef", "abcdef"}, []string{"a"}, []string{"a", ""}},
		"a selection stays as it is": {
			fleet.Selection{Contexts: []string{"b", "c"}}, []string{"c/abcdef", "abcdef"}, []string{"b", "c"}, []string{"c", ""},
		},
		"one named context stays as it is": {fleet.Selection{Contexts: []string{"c"}}, []string{"c/abcdef"}, []string{"c"}, []string{"c"}},
		"a duplicate is the context that is visited": {
			fleet.Selection{All: true}, []string{"b-too/abcdef", "c/abcdef"}, []string{"a", "b", "c"}, []string{"b", "c"},
		},
		"a duplicate that is named alone is visited": {fleet.Selection{}, []string{"b-too/abcdef"}, []string{"b-too"}, []string{"b-too"}},
		"both names of a control plane are visited": {
			fleet.Selection{}, []string{"b/abcdef", "b-too/abcdef", "b-too/123456"}, []string{"b", "b-too"}, []string{"b", "b-too", "b-too"},
		},
	} {
		s, _ := open(kubeconfig)
		s.Selection = test.selection
		refs, err := s.ParseRefs(test.words, parseID)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := s.Resolve(t.Context(), refs)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var contexts []string
		for _, ref := range resolved {
			contexts = append(contexts, ref.Context)
		}
		targets, err := s.Targets()
		if err != nil || !slices.Equal(contextsOf(targets), test.visited) || !slices.Equal(contexts, test.resolved) {
			t.Errorf("%s: visited %q, want %q; resolved %q, want %q; %v", name, contextsOf(targets), test.visited, contexts, test.resolved, err)
		}
	}
}

func TestAContextThatIsNotThereOrNotSelectedIsAConfigError(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{"a": {URL: "https://a:6443"}, "b": {URL: "https://b:6443"}}
	for name, test := range map[string]struct {
		current   string
		fromFile  bool
		selection fleet.Selection
		words     []string
		want      string
		unknown   bool
	}{
		"unknown":              {"a", false, fleet.Selection{}, []string{"c/abcdef"}, `context "c" does not exist`, true},
		"unknown, with others": {"a", false, fleet.Selection{}, []string{"b/abcdef", "c/abcdef", "abcdef"}, `context "c" does not exist`, true},
		"not selected": {
			"a", false,
			fleet.Selection{Contexts: []string{"a"}},
			[]string{"b/abcdef"},
			`context "b", which a token is named with, is not among the selected ones`, false,
		},
		"not in the file": {
			"a", true,
			fleet.Selection{Contexts: []string{"a"}},
			[]string{"b/abcdef"},
			`context "b", which a token is named with, is not among the selected ones`, false,
		},
		"no current context":              {"", false, fleet.Selection{}, []string{"abcdef"}, "the kubeconfig has no current context", false},
		"no current context, with others": {"", false, fleet.Selection{}, []string{"b/abcdef", "abcdef"}, "the kubeconfig has no current context", false},
	} {
		s, _ := open(apitest.KubeconfigAt(t, test.current, servers))
		s.Selection, s.FromFile = test.selection, test.fromFile
		refs, err := s.ParseRefs(test.words, parseID)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := s.Resolve(t.Context(), refs)
		if !isConfigError(err) || err.Error() != test.want {
			t.Errorf("%s: got %+v, %v, want %s", name, resolved, err, test.want)
		}
		if _, unknown := errors.AsType[*fleet.UnknownContextError](err); unknown != test.unknown {
			t.Errorf("%s: the context is unknown: %v", name, unknown)
		}
		if failure.ReasonOf(err) != failure.Invalid {
			t.Errorf("%s: the reason is %s", name, failure.ReasonOf(err))
		}
	}
}

func TestAReferenceCoversTheTargetsThatItCanMean(t *testing.T) {
	t.Parallel()
	hub := fleet.Target{Context: "hub"}
	for _, test := range []struct {
		ref    session.Ref
		target fleet.Target
		want   bool
	}{
		{session.Ref{}, hub, true},
		{session.Ref{}, hub.With("m1"), true},
		{session.Ref{Context: "hub"}, hub, true},
		{session.Ref{Context: "hub"}, hub.With("m1"), true},
		{session.Ref{Context: "other"}, hub, false},
		{session.Ref{Context: "hub", Member: "m1"}, hub.With("m1"), true},
		{session.Ref{Context: "hub", Member: "m1"}, hub.With("m2"), false},
		{session.Ref{Context: "hub", Member: "m1"}, hub, false},
	} {
		if got := test.ref.Covers(test.target); got != test.want {
			t.Errorf("%+v covers %+v: %v", test.ref, test.target, got)
		}
	}
}
