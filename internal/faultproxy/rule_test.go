// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestARuleThatCannotBeFollowedIsAnError(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"POST /x":                        "must be METHOD PATH",
		"POST [ apply":                   "syntax error in pattern",
		"POST /x #0 apply":               "must be a number from 1",
		"POST /x #a apply":               "must be a number from 1",
		"POST /x jump":                   `unknown step "jump"`,
		"POST /x apply;":                 "a step is empty",
		"POST /x apply 3":                "apply has 2 words",
		"POST /x answer":                 "answer has 1 words",
		"POST /x answer nonsense":        `unknown answer "nonsense"`,
		"POST /x delay 3":                "missing unit",
		"POST /x delay 3s":               "needs apply, twice, answer or drop",
		"POST /x cut 3":                  "cut needs apply, twice or answer before it",
		"POST /x apply; cut 3; delay 1s": "nothing happens after cut",
		"POST /x drop; apply":            "nothing happens after drop",
	} {
		if _, err := parse(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", line, err, want)
		}
	}
}

func TestTheFirstRuleThatMatchesARequestIsForIt(t *testing.T) {
	t.Parallel()
	rules, err := parse("# comment\n\nPOST /api/*/secrets #2 drop\nPOST ** apply\n* /api/v1/secrets twice; delay 1ms; cut 3\n")
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		method, path string
		want         string // the first step of the rule, "" for no rule
	}{
		{"POST", "/api/v1/secrets", "apply"},
		{"POST", "/api/v1/secrets", "drop"},
		{"POST", "/api/v1/secrets", "apply"},
		{"POST", "/x/y/z", "apply"},
		{"GET", "/api/v1/secrets", "twice"},
		{"GET", "/api/v1/pods", ""},
	} {
		got := ""
		for _, one := range rules {
			if one.matches(httptest.NewRequest(test.method, test.path, http.NoBody)) {
				got = one.steps[0].action
				break
			}
		}
		if got != test.want {
			t.Errorf("%d: %s %s: got %q, want %q", i, test.method, test.path, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("POST /api/*/secrets #2 apply; delay 1s; cut 3\n# x\n* ** answer html")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := parse(text)
		if err != nil {
			return
		}
		for _, one := range rules {
			if len(one.steps) == 0 || one.method == "" || one.path == "" {
				t.Fatalf("%q is accepted", text)
			}
		}
	})
}
