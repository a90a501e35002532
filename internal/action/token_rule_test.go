// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"slices"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/token"
)

func findingsOf(t *testing.T, list *TokenList, rules ...string) (texts []string) {
	t.Helper()
	var err error
	list.FailOn, err = ParseTokenRules(rules)
	check(t, err)
	found, err := list.Run(t.Context())
	check(t, err)
	for _, finding := range found.Findings {
		known, ok := errors.AsType[*CheckFailed](finding)
		if !ok || known.Hint == "" {
			t.Errorf("%v has no hint, or another exit code", finding)
		}
		texts = append(texts, finding.Error())
	}
	return texts
}

func TestAnAuditFindsTheTokensThatBreakItsRules(t *testing.T) {
	t.Parallel()
	server, empty := apitest.New(t), apitest.New(t)
	putEachKind(t, server)
	putOpaque(t, server, firstToken) // only has the name of a token
	for _, test := range []struct {
		server  *apitest.Server
		rules   []string
		filter  TokenFilter
		cluster []string
		want    []string
	}{
		{server, nil, TokenFilter{}, nil, nil},
		{server, []string{"expired"}, TokenFilter{}, nil, []string{"context a: 1 expired token: dddddd"}},
		{server, []string{"never-expires"}, TokenFilter{}, nil, []string{"context a: 1 valid token without an expiry: cccccc"}},
		{server, []string{"expiring=30m"}, TokenFilter{}, nil, nil},
		{server, []string{"expiring=24h"}, TokenFilter{}, nil, []string{"context a: 2 valid tokens with at most 24h left: aaaaaa, bbbbbb"}},
		{server, []string{"malformed", "malformed"}, TokenFilter{}, nil, []string{"context a: 1 malformed token: eeeeee"}},
		{server, []string{"none-valid"}, TokenFilter{}, nil, nil},
		{server, []string{"malformed", "expired"}, TokenFilter{}, nil, []string{"context a: 1 malformed token: eeeeee", "context a: 1 expired token: dddddd"}},
		// the filters say what is shown, and not what is judged
		{server, []string{"expired"}, TokenFilter{Active: true}, nil, []string{"context a: 1 expired token: dddddd"}},
		{server, []string{"none-valid"}, TokenFilter{Expired: true}, nil, nil},
		// the selectors say what is judged
		{server, []string{"expired"}, TokenFilter{}, []string{"m1"}, nil},
		{server, []string{"none-valid"}, TokenFilter{}, []string{"m1", "m2"}, nil},
		{server, []string{"none-valid"}, TokenFilter{}, []string{"m1", "m3", "m9"}, []string{"context a: no valid token for m3, m9"}},
		{empty, []string{"none-valid"}, TokenFilter{}, nil, []string{"context a: no valid token"}},
		{empty, []string{"expired", "never-expires", "expiring=24h", "malformed"}, TokenFilter{}, nil, nil},
	} {
		s, _ := newSession(t, servers{"a": test.server})
		got := findingsOf(t, &TokenList{Session: s, Filter: test.filter, Clusters: test.cluster}, test.rules...)
		if !slices.Equal(got, test.want) {
			t.Errorf("%q, %+v, %q: got %q, want %q", test.rules, test.filter, test.cluster, got, test.want)
		}
	}
}

func TestAnAuditJudgesEachControlPlaneThatAnswers(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t), "d": apitest.New(t)}
	put(t, all["b"], joining(""), firstToken)
	s, _ := newSession(t, all)
	list := &TokenList{Session: s}
	got := findingsOf(t, list, "none-valid")
	if want := []string{"context a: no valid token", "context d: no valid token"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestTheHintOfAMissingTokenCreatesIt(t *testing.T) {
	t.Parallel()
	rule := TokenRule{name: ruleNoneValid}
	for want, clusters := range map[string][]string{
		"joinctl token create creates one":                   nil,
		"joinctl token create --for m1 --for m2 creates one": {"m1", "m2"},
	} {
		found, _ := errors.AsType[*CheckFailed](rule.check(fleet.Target{Context: "a"}, []ListedToken{{Health: token.Health{Status: token.Expired}}}, clusters))
		if found == nil || found.Hint != want {
			t.Errorf("%q: got %+v", clusters, found)
		}
	}
}
