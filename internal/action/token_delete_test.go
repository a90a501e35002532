// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	secondToken = "bbbbbb.0123456789abcdef"
	secondName  = "bootstrap-token-bbbbbb"
	listOfM1    = "GET " + secretsPath + "?fieldSelector=type=bootstrap.kubernetes.io/token&labelSelector=joinctl.io/for in (m1)"
	getFirst    = "GET " + secretsPath + "/" + firstName
	deleteFirst = "DELETE " + secretsPath + "/" + firstName
)

// References that these tests delete.
var (
	byID         = session.Ref{Name: firstName}
	bySecondID   = session.Ref{Name: secondName}
	byCluster    = session.Ref{Cluster: "m1"}
	byIDInA      = session.Ref{Context: "a", Name: firstName}
	missingToken = session.Ref{Name: "bootstrap-token-zzzzzz"}
)

// namesOfDeleted returns CONTEXT/ID of tokens.
func namesOfDeleted(deleted []DeletedToken) []string {
	var names []string
	for _, one := range deleted {
		names = append(names, one.Target.Context+"/"+token.Ref{Name: one.Object.Name}.String())
	}
	return names
}

// A deletion is what a test deletes, and what becomes of it.
type deletion struct {
	a, b     []string // tokens that exist, all for cluster m1
	bIs      string   // "down", "forbidden"; "": it answers
	only     string   // the context that is selected; "": a and b
	plain    bool     // no context is selected
	refs     []session.Ref
	any      bool // Everywhere
	ignore   bool // IgnoreNotFound
	dryRun   DryRun
	deleted  []string
	done     int
	failures []string
	reason   failure.Reason // of the first failure
	texts    []string       // of the first failure
	leftInA  []string
	leftInB  []string
}

func (d *deletion) test(t *testing.T) {
	t.Helper()
	all := servers{"a": apitest.New(t), "b": apitest.New(t)}
	put(t, all["a"], joining("m1"), d.a...)
	put(t, all["b"], joining("m1"), d.b...)
	switch d.bIs {
	case "down":
		all["b"] = apitest.Down(t)
	case "forbidden":
		all["b"].On(http.MethodGet, "", refusal())
	}
	s, _ := newSession(t, all)
	switch {
	case d.plain:
		s.Selection.All = false
		_, err := s.ParseRefs([]string{"a/abcdef"}, func(string) (string, error) { return "", nil })
		check(t, err)
	case d.only != "":
		inContext(d.only)(s)
	}
	a := TokenDelete{Session: s, Refs: d.refs, Everywhere: d.any, IgnoreNotFound: d.ignore, DryRun: d.dryRun}
	deleted, failures, err := a.Run(t.Context())
	check(t, err)
	if got := namesOfDeleted(deleted); !slices.Equal(got, d.deleted) {
		t.Errorf("deleted %q, want %q", got, d.deleted)
	}
	failed := wantFailures(t, failures, d.done, d.failures...)
	if len(d.failures) > 0 {
		wantError(t, failed[0].Err, d.reason, d.texts...)
	}
	wantStored(t, all["a"], d.leftInA...)
	wantStored(t, all["b"], d.leftInB...)
}

func TestTokensAreDeletedWhereTheirReferencesMeanThem(t *testing.T) {
	t.Parallel()
	first, both := []string{firstToken}, []string{firstToken, secondToken}
	for name, d := range map[string]deletion{
		"qualified": {
			a: first, b: first, refs: []session.Ref{byIDInA}, deleted: []string{"a/abcdef"}, done: 1, leftInB: []string{"abcdef"},
		},
		"qualified, nothing is selected": {
			a: first, b: first, plain: true, refs: []session.Ref{{Context: "b", Name: firstName}},
			deleted: []string{"b/abcdef"}, done: 1, leftInA: []string{"abcdef"},
		},
		"qualified, the other context is down": {
			a: first, bIs: "down", refs: []session.Ref{byIDInA}, deleted: []string{"a/abcdef"}, done: 1,
		},
		"qualified, missing": {
			a: first, refs: []session.Ref{{Context: "b", Name: firstName}},
			failures: []string{"b"}, reason: failure.NotFound, texts: []string{"token abcdef not found"}, leftInA: []string{"abcdef"},
		},
		"qualified, missing there, everywhere": {
			a: first, any: true, refs: []session.Ref{{Context: "b", Name: firstName}},
			failures: []string{"b"}, reason: failure.NotFound, texts: []string{"token abcdef not found"}, leftInA: []string{"abcdef"},
		},
		"qualified, the context is down": {
			a: first, bIs: "down", refs: []session.Ref{{Context: "b", Name: firstName}},
			failures: []string{"b"}, reason: failure.Unreachable, leftInA: []string{"abcdef"},
		},
		"in one": {
			a: first, refs: []session.Ref{byID}, deleted: []string{"a/abcdef"}, done: 1,
		},
		"in both": {
			a: first, b: first, refs: []session.Ref{byID}, failures: []string{""}, reason: failure.Conflict,
			texts:   []string{`token abcdef is in 2 contexts ("a", "b"), and was left in all of them`},
			leftInA: []string{"abcdef"}, leftInB: []string{"abcdef"},
		},
		"in both, everywhere": {
			a: first, b: first, any: true, refs: []session.Ref{byID}, deleted: []string{"a/abcdef", "b/abcdef"}, done: 2,
		},
		"in one, the other is down": {
			a: first, bIs: "down", refs: []session.Ref{byID}, failures: []string{"b", ""}, reason: failure.Unreachable,
			leftInA: []string{"abcdef"},
		},
		"in one, the other is forbidden": {
			a: first, b: first, bIs: "forbidden", refs: []session.Ref{byID}, failures: []string{"b", ""}, reason: failure.Forbidden,
			leftInA: []string{"abcdef"}, leftInB: []string{"abcdef"},
		},
		"in one, the other is down, everywhere": {
			a: first, bIs: "down", any: true, refs: []session.Ref{byID}, deleted: []string{"a/abcdef"}, done: 1,
			failures: []string{"b"}, reason: failure.Unreachable,
		},
		"in none": {
			a: first, refs: []session.Ref{missingToken}, failures: []string{""}, reason: failure.NotFound,
			texts: []string{"token zzzzzz is in none of the contexts that could be searched"}, leftInA: []string{"abcdef"},
		},
		"in none, one is down": {
			bIs: "down", refs: []session.Ref{missingToken}, failures: []string{"b", ""}, reason: failure.Unreachable,
		},
		"in none, ignored": {
			ignore: true, refs: []session.Ref{missingToken}, done: 1,
		},
		"in none, everywhere": {
			any: true, refs: []session.Ref{missingToken}, done: 1,
		},
		"missing in the one context": {
			only: "a", a: first, refs: []session.Ref{missingToken}, failures: []string{"a"}, reason: failure.NotFound,
			texts: []string{"token zzzzzz not found"}, leftInA: []string{"abcdef"},
		},
		"missing in the one context, ignored": {
			only: "a", ignore: true, refs: []session.Ref{missingToken}, done: 1,
		},
		"the one context is down": {
			only: "b", bIs: "down", ignore: true, refs: []session.Ref{byID}, failures: []string{"b"}, reason: failure.Unreachable,
		},
		"one of several exists": {
			only: "a", a: both, refs: []session.Ref{missingToken, byID}, deleted: []string{"a/abcdef"}, done: 1,
			failures: []string{"a"}, reason: failure.NotFound, leftInA: []string{"bbbbbb"},
		},
		"by cluster": {
			a: first, refs: []session.Ref{byCluster}, deleted: []string{"a/abcdef"}, done: 1,
		},
		"by cluster, several": {
			only: "a", a: both, refs: []session.Ref{byCluster}, deleted: []string{"a/abcdef", "a/bbbbbb"}, done: 2,
		},
		"by cluster, none": {
			only: "a", a: first, refs: []session.Ref{{Cluster: "m2"}}, failures: []string{"a"}, reason: failure.NotFound,
			texts: []string{"token for cluster m2 not found"}, leftInA: []string{"abcdef"},
		},
		"by cluster, in both": {
			a: first, b: []string{secondToken}, refs: []session.Ref{byCluster}, failures: []string{""}, reason: failure.Conflict,
			texts:   []string{`token for cluster m1 is in 2 contexts ("a", "b")`},
			leftInA: []string{"abcdef"}, leftInB: []string{"bbbbbb"},
		},
		"by ID and by cluster": {
			only: "a", a: first, refs: []session.Ref{byID, byCluster}, deleted: []string{"a/abcdef"}, done: 1,
		},
		"qualified and not, in one": {
			a: first, refs: []session.Ref{byIDInA, byID}, deleted: []string{"a/abcdef"}, done: 1,
		},
		"qualified and not, in both": {
			a: first, b: first, refs: []session.Ref{byIDInA, byID}, deleted: []string{"a/abcdef"}, done: 1,
			failures: []string{""}, reason: failure.Conflict, texts: []string{"is in 2 contexts"}, leftInB: []string{"abcdef"},
		},
		"not qualified and qualified, in both": {
			a: first, b: first, refs: []session.Ref{byID, byIDInA}, deleted: []string{"a/abcdef"}, done: 1,
			failures: []string{""}, reason: failure.Conflict, texts: []string{"is in 2 contexts"}, leftInB: []string{"abcdef"},
		},
		"qualified and not, everywhere": {
			a: first, b: first, any: true, refs: []session.Ref{byIDInA, byID}, deleted: []string{"a/abcdef", "b/abcdef"}, done: 2,
		},
		"client dry run": {
			a: first, dryRun: Client, refs: []session.Ref{byID}, deleted: []string{"a/abcdef"}, done: 1, leftInA: []string{"abcdef"},
		},
		"server dry run": {
			a: first, dryRun: Server, refs: []session.Ref{byID}, deleted: []string{"a/abcdef"}, done: 1, leftInA: []string{"abcdef"},
		},
		"client dry run of a missing one": {
			only: "a", dryRun: Client, refs: []session.Ref{missingToken}, failures: []string{"a"}, reason: failure.NotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.test(t)
		})
	}
}

func TestAnAmbiguousReferenceSaysHowToBeExact(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
	put(t, all["a"], joining(""), firstToken, secondToken)
	put(t, all["b"], joining(""), firstToken)
	s, _ := newSession(t, all)
	a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}}
	_, failures, err := a.Run(t.Context())
	check(t, err)
	failed := wantFailures(t, failures, 0, "c", "", "")
	wantError(t, failed[1].Err, failure.Conflict, `token abcdef is in 2 contexts ("a", "b")`)
	wantError(t, failed[2].Err, failure.Conflict, `token bbbbbb is in context "a", and was left there: 1 other context could not be searched`)
	for _, one := range failed[1:] {
		wantText(t, hintOf(one.Err), "name it as CONTEXT/ID, or say --everywhere")
	}
}

func TestAContextOutsideTheSelectionIsAnErrorAndNothingIsDeleted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": server, "b": apitest.New(t)}, inContext("b"))
	a := TokenDelete{Session: s, Refs: []session.Ref{byIDInA}}
	deleted, failures, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, `context "a"`)
	if deleted != nil || failures != nil {
		t.Errorf("deleted %v, failures %v", deleted, failures)
	}
	s, _ = newSession(t, servers{"a": server}, inContext("missing"))
	a = TokenDelete{Session: s, Refs: []session.Ref{byID}}
	_, _, err = a.Run(t.Context())
	wantError(t, err, failure.Invalid, `"missing"`)
	wantRequests(t, server)
}

func TestOnlySeveralTokensOfAClusterAreConfirmed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tokens []string
		refs   []session.Ref
		dryRun DryRun
		answer bool
		asked  []string
		left   []string
	}{
		"one":                 {[]string{firstToken}, []session.Ref{byCluster}, None, false, nil, nil},
		"none":                {nil, []session.Ref{byCluster}, None, false, nil, nil},
		"several by ID":       {[]string{firstToken, secondToken}, []session.Ref{byID, bySecondID}, None, false, nil, nil},
		"several":             {[]string{firstToken, secondToken}, []session.Ref{byCluster}, None, true, []string{"a/abcdef", "a/bbbbbb"}, nil},
		"several, declined":   {[]string{firstToken, secondToken}, []session.Ref{byCluster}, None, false, []string{"a/abcdef", "a/bbbbbb"}, []string{"abcdef", "bbbbbb"}},
		"several, in dry run": {[]string{firstToken, secondToken}, []session.Ref{byCluster}, Server, false, nil, []string{"abcdef", "bbbbbb"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			put(t, server, joining("m1"), test.tokens...)
			s, _ := newSession(t, servers{"a": server})
			var asked []string
			a := TokenDelete{Session: s, Refs: test.refs, DryRun: test.dryRun, Confirm: func(plan []DeletedToken) bool {
				asked = namesOfDeleted(plan)
				if n := count(server, http.MethodDelete); n != 0 {
					t.Errorf("%d DELETEs before the question", n)
				}
				return test.answer
			}}
			deleted, _, err := a.Run(t.Context())
			declined := test.asked != nil && !test.answer
			if errors.Is(err, ErrNotConfirmed) != declined || declined && deleted != nil || !declined && err != nil {
				t.Errorf("deleted %v, error %v", deleted, err)
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("asked about %q", asked)
			}
			wantStored(t, server, test.left...)
		})
	}
}

func TestATargetIsVisitedOnceWhereNothingHasToBeDecidedElseTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refs        []session.Ref
		many, any   bool
		requests    []string
		connections int
	}{
		"one target":  {[]session.Ref{byID}, false, false, []string{getFirst, deleteFirst}, 1},
		"qualified":   {[]session.Ref{byIDInA}, true, false, []string{getFirst, deleteFirst}, 1},
		"everywhere":  {[]session.Ref{byID}, true, true, []string{getFirst, deleteFirst}, 1},
		"unqualified": {[]session.Ref{byID}, true, false, []string{getFirst, deleteFirst}, 2},
		"by cluster":  {[]session.Ref{byCluster}, false, false, []string{listOfM1, deleteFirst}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := servers{"a": apitest.New(t), "b": apitest.New(t)}
			put(t, all["a"], joining("m1"), firstToken)
			connections := map[string]bool{}
			all["a"].On("", "", apitest.Do(func(r *http.Request) { connections[r.RemoteAddr] = true }))
			s, _ := newSession(t, all)
			if !test.many {
				inContext("a")(s)
			}
			a := TokenDelete{Session: s, Refs: test.refs, Everywhere: test.any}
			_, failures, err := a.Run(t.Context())
			check(t, err)
			wantFailures(t, failures, 1)
			wantRequests(t, all["a"], test.requests...)
			if len(connections) != test.connections {
				t.Errorf("%d connections", len(connections))
			}
		})
	}
}

func TestATokenThatWasReplacedInBetweenStays(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	secret := token.Encode(parse(t, firstToken), joining(""))
	server.Put(secret)
	server.On(http.MethodDelete, anySecret, replaced(server, secret))
	s, _ := newSession(t, servers{"a": server})
	a := TokenDelete{Session: s, Refs: []session.Ref{byID}, IgnoreNotFound: true}
	deleted, failures, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 0, "a")[0].Err, failure.Conflict, "delete bootstrap token abcdef")
	wantStored(t, server, "abcdef")
	if len(deleted) != 0 {
		t.Errorf("deleted %v", deleted)
	}
}

func TestATokenThatIsGoneInBetweenIsAFailureUnlessItMayBeMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a        TokenDelete
		failures []string
	}{
		"exact":           {TokenDelete{}, []string{"a"}},
		"ignored":         {TokenDelete{IgnoreNotFound: true}, nil},
		"everywhere":      {TokenDelete{Everywhere: true}, nil},
		"may not be read": {TokenDelete{IgnoreNotFound: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			secret := token.Encode(parse(t, firstToken), joining(""))
			server.Put(secret)
			if name == "may not be read" {
				server.On(http.MethodGet, anySecret, refusal())
			}
			server.On(http.MethodDelete, anySecret, apitest.Do(func(*http.Request) { server.Remove(secret) }))
			s, _ := newSession(t, servers{"a": server})
			test.a.Session, test.a.Refs = s, []session.Ref{byID}
			deleted, failures, err := test.a.Run(t.Context())
			check(t, err)
			failed := wantFailures(t, failures, 1-len(test.failures), test.failures...)
			if len(failed) > 0 {
				wantError(t, failed[0].Err, failure.NotFound)
			}
			if len(deleted) != 0 {
				t.Errorf("deleted %v", deleted)
			}
		})
	}
}

func TestATokenThatMayNotBeReadIsDeletedByItsNameUnlessThatIsAmbiguous(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		contexts []string
		dryRun   DryRun
		deleted  []string
		failures []string
	}{
		"one target":          {[]string{"a"}, None, []string{"a/abcdef"}, nil},
		"one target, dry run": {[]string{"a"}, Client, nil, []string{"a"}},
		"ambiguous":           {[]string{"a", "b"}, None, nil, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := servers{}
			for _, context := range test.contexts {
				all[context] = apitest.New(t)
				all[context].On(http.MethodGet, "", refusal())
			}
			put(t, all["a"], joining(""), firstToken)
			s, _ := newSession(t, all)
			a := TokenDelete{Session: s, Refs: []session.Ref{byID}, DryRun: test.dryRun}
			deleted, failures, err := a.Run(t.Context())
			check(t, err)
			for _, one := range wantFailures(t, failures, len(test.deleted), test.failures...) {
				wantError(t, one.Err, failure.Forbidden, "read bootstrap token abcdef")
			}
			if got := namesOfDeleted(deleted); !slices.Equal(got, test.deleted) {
				t.Errorf("deleted %q", got)
			}
			if n := count(all["a"], http.MethodDelete); n != len(test.deleted) {
				t.Errorf("%d DELETEs", n)
			}
		})
	}
}

func TestATokenThatCannotBeReadForAnotherReasonIsAFailureAndTheNextIsDeleted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), firstToken, secondToken)
	server.On(http.MethodGet, anySecret, apitest.Refuse(apierrors.NewInternalError(errors.New("no leader"))).Times(1))
	s, _ := newSession(t, servers{"a": server})
	a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}}
	deleted, failures, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 1, "a")[0].Err, failure.Internal)
	if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"a/bbbbbb"}) {
		t.Errorf("deleted %q", got)
	}
	wantStored(t, server, "abcdef")
}

func TestAServerThatDoesNotKnowTheUserIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, any := range map[string]bool{"unambiguous": true, "ambiguous": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := servers{"a": apitest.New(t), "b": apitest.New(t)}
			put(t, all["a"], joining(""), firstToken, secondToken)
			all["a"].On("", "", apitest.Refuse(apierrors.NewUnauthorized("who are you")))
			s, _ := newSession(t, all)
			a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}, Everywhere: any, IgnoreNotFound: true}
			_, failures, err := a.Run(t.Context())
			check(t, err)
			wantError(t, wantFailures(t, failures, 0, "a")[0].Err, failure.Unauthorized)
			wantRequests(t, all["a"], getFirst)
			wantRequests(t, all["b"], getFirst, "GET "+secretsPath+"/"+secondName)
		})
	}
}

func TestASecretThatIsNoBootstrapTokenStays(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	secret := token.Encode(parse(t, firstToken), joining(""))
	secret.Type = "Opaque"
	server.Put(secret)
	s, _ := newSession(t, servers{"a": server})
	a := TokenDelete{Session: s, Refs: []session.Ref{byID}}
	_, failures, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 0, "a")[0].Err, failure.Invalid, "secret "+firstName+" is of type")
	wantStored(t, server, "abcdef")
}

func TestADeletionWithALostAnswerIsLookedUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  apitest.Fault
		read   int // GETs that are answered; 0: all
		reason failure.Reason
		left   []string
	}{
		"gone":               {apitest.LoseAnswer(), 0, "", nil},
		"still there":        {apitest.LoseRequest(), 0, failure.Unknown, []string{"abcdef"}},
		"gone, but unproved": {apitest.LoseAnswer(), 1, failure.Unknown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			put(t, server, joining(""), firstToken)
			server.On(http.MethodDelete, anySecret, test.fault)
			if test.read > 0 {
				server.On(http.MethodGet, anySecret, refusal().Skip(test.read))
			}
			s, _ := newSession(t, servers{"a": server})
			a := TokenDelete{Session: s, Refs: []session.Ref{byID}}
			_, failures, err := a.Run(t.Context())
			check(t, err)
			wantRequests(t, server, getFirst, deleteFirst, getFirst)
			wantStored(t, server, test.left...)
			if test.reason == "" {
				wantFailures(t, failures, 1)
				return
			}
			wantError(t, wantFailures(t, failures, 0, "a")[0].Err, test.reason, "delete bootstrap token abcdef")
		})
	}
}

func TestTwoContextsOfOneControlPlaneMeanOneToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": server, "alias": server})
	a := TokenDelete{Session: s, Refs: []session.Ref{byIDInA, {Context: "alias", Name: firstName}, {Context: "alias", Name: missingToken.Name}, {Context: "a", Name: missingToken.Name}}}
	deleted, failures, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 1, "a")[0].Err, failure.NotFound)
	if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"a/abcdef"}) {
		t.Errorf("deleted %q", got)
	}
}
