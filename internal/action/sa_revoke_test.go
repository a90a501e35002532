// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// Requests about the Secret t1 of namespace default.
const (
	t1Path   = defaultSecrets + "/t1"
	getT1    = "GET " + t1Path
	deleteT1 = "DELETE " + t1Path
)

// named are the references that a name alone makes.
func named(names ...string) []session.Ref {
	var refs []session.Ref
	for _, name := range names {
		refs = append(refs, session.Ref{Name: name})
	}
	return refs
}

// namesOfRevoked returns CONTEXT/NAMESPACE/NAME of tokens.
func namesOfRevoked(revoked []RevokedToken) []string {
	var names []string
	for _, one := range revoked {
		names = append(names, one.Target.Context+"/"+one.Object.Account.Namespace+"/"+one.Object.Name)
	}
	return names
}

func mustRevoke(t *testing.T, a *SARevoke) ([]string, *session.Failures) {
	t.Helper()
	revoked, failures, err := a.Run(t.Context())
	check(t, err)
	return namesOfRevoked(revoked), failures
}

// withTokens returns a server that has the Secrets of revocable tokens.
func withTokens(t *testing.T, names ...string) *apitest.Server {
	t.Helper()
	server := apitest.New(t)
	for _, name := range names {
		server.Put(revocationOf("default", name, time.Hour))
	}
	return server
}

func TestTokensThatAreNamedAreRevokedWithoutAQuestion(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1", "t2")
	s, _ := newSession(t, servers{"hub": server})
	a := &SARevoke{Session: s, Refs: named("t1", "t3"), Confirm: func([]RevokedToken) bool { t.Error("asked"); return false }}
	revoked, failures := mustRevoke(t, a)
	wantError(t, wantFailures(t, failures, 1, "hub")[0].Err, failure.NotFound, "token t3 not found")
	if !slices.Equal(revoked, []string{"hub/default/t1"}) {
		t.Errorf("revoked %q", revoked)
	}
	wantSecrets(t, server, "t2")
	wantRequests(t, server, getT1, "GET "+defaultSecrets+"/t3", deleteT1)
}

func TestExpiredTokensAreRevokedAfterTheirPlanIsConfirmed(t *testing.T) {
	t.Parallel()
	all := servers{"a": withTokens(t, "t1"), "b": withTokens(t), "c": apitest.Down(t)}
	all["a"].Put(revocationOf("default", "old", -time.Hour), revocationOf("default", "unknown", 0), revocationOf("ci", "old", -time.Hour))
	all["b"].Put(revocationOf("default", "t2", time.Hour))
	all["b"].Clock(2 * time.Hour)
	s, _ := newSession(t, all)
	want := []string{"a/default/old", "b/default/t2"}
	a := &SARevoke{Session: s, Expired: true, Confirm: func(plan []RevokedToken) bool {
		if got := namesOfRevoked(plan); !slices.Equal(got, want) || count(all["a"], http.MethodDelete) != 0 {
			t.Errorf("asked about %q after %q", got, all["a"].Requests())
		}
		return true
	}}
	revoked, failures := mustRevoke(t, a)
	wantError(t, wantFailures(t, failures, 2, "c")[0].Err, failure.Unreachable)
	if !slices.Equal(revoked, want) {
		t.Errorf("revoked %q", revoked)
	}
	wantSecrets(t, all["a"], "t1", "unknown")
	wantSecrets(t, all["b"])
	if len(all["a"].Secrets("ci")) != 1 {
		t.Error("a token of another namespace was revoked")
	}
}

func TestExpiredTokensOfAllNamespacesAreRevokedWithoutAQuestionIfNobodyAsks(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1")
	server.Put(revocationOf("default", "old", -time.Hour), revocationOf("ci", "old", -time.Hour))
	s, _ := newSession(t, servers{"hub": server})
	revoked, failures := mustRevoke(t, &SARevoke{Session: s, Expired: true, AllNamespaces: true})
	wantFailures(t, failures, 2)
	if !slices.Equal(revoked, []string{"hub/ci/old", "hub/default/old"}) {
		t.Errorf("revoked %q", revoked)
	}
	wantSecrets(t, server, "t1")
}

func TestExpiredTokensStayIfThePlanIsNotConfirmed(t *testing.T) {
	t.Parallel()
	server := withTokens(t)
	server.Put(revocationOf("default", "old", -time.Hour))
	s, _ := newSession(t, servers{"hub": server})
	a := &SARevoke{Session: s, Expired: true, Confirm: func([]RevokedToken) bool { return false }}
	if revoked, _, err := a.Run(t.Context()); !errors.Is(err, ErrNotConfirmed) || revoked != nil {
		t.Errorf("revoked %v, error %v", revoked, err)
	}
	wantSecrets(t, server, "old")
	wantRequests(t, server, "GET "+defaultSecrets+bindsLabel)
}

func TestANameInSeveralContextsIsRevokedOnlyWhereItIsMeant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b     *apitest.Server
		ref      session.Ref
		any      bool
		revoked  []string
		done     int
		failures []string
		reason   failure.Reason // of the last failure
		text     string         // of the last failure
	}{
		"in both": {
			a: withTokens(t, "t1"), b: withTokens(t, "t1"), ref: session.Ref{Name: "t1"},
			failures: []string{""}, reason: failure.Conflict, text: `token t1 is in 2 contexts ("a", "b"), and was left in all of them`,
		},
		"in both, everywhere": {
			a: withTokens(t, "t1"), b: withTokens(t, "t1"), ref: session.Ref{Name: "t1"}, any: true,
			revoked: []string{"a/default/t1", "b/default/t1"}, done: 2,
		},
		"in both, qualified": {
			a: withTokens(t, "t1"), b: withTokens(t, "t1"), ref: session.Ref{Context: "b", Name: "t1"},
			revoked: []string{"b/default/t1"}, done: 1,
		},
		"in one": {
			a: withTokens(t, "t1"), b: withTokens(t), ref: session.Ref{Name: "t1"},
			revoked: []string{"a/default/t1"}, done: 1,
		},
		"in one, the other is down": {
			a: withTokens(t, "t1"), b: apitest.Down(t), ref: session.Ref{Name: "t1"},
			failures: []string{"b", ""}, reason: failure.Conflict, text: "token t1 is in context \"a\", and was left there: 1 other context could not be searched",
		},
		"in one, the other is down, everywhere": {
			a: withTokens(t, "t1"), b: apitest.Down(t), ref: session.Ref{Name: "t1"}, any: true,
			revoked: []string{"a/default/t1"}, done: 1, failures: []string{"b"}, reason: failure.Unreachable,
		},
		"in one, the other is down, qualified": {
			a: withTokens(t, "t1"), b: apitest.Down(t), ref: session.Ref{Context: "a", Name: "t1"},
			revoked: []string{"a/default/t1"}, done: 1,
		},
		"in none": {
			a: withTokens(t), b: withTokens(t), ref: session.Ref{Name: "t1"},
			failures: []string{""}, reason: failure.NotFound, text: "token t1 is in none of the contexts",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newSession(t, servers{"a": test.a, "b": test.b})
			revoked, failures := mustRevoke(t, &SARevoke{Session: s, Refs: []session.Ref{test.ref}, Everywhere: test.any})
			if !slices.Equal(revoked, test.revoked) {
				t.Errorf("revoked %q", revoked)
			}
			failed := wantFailures(t, failures, test.done, test.failures...)
			if len(failed) > 0 {
				wantError(t, failed[len(failed)-1].Err, test.reason, test.text)
			}
			if test.reason == failure.Conflict {
				wantHint(t, failed[len(failed)-1].Err, "name it as CONTEXT/NAME, or say --everywhere")
			}
			for context, server := range map[string]*apitest.Server{"a": test.a, "b": test.b} {
				if deleted := count(server, http.MethodDelete) > 0; deleted != slices.Contains(test.revoked, context+"/default/t1") {
					t.Errorf("context %s: %q", context, server.Requests())
				}
			}
		})
	}
}

func TestASecretThatIsNotOfARevocableTokenStays(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "t1"}})
	s, _ := newSession(t, servers{"hub": server})
	revoked, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")})
	wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, failure.Invalid, "secret default/t1 is not of a revocable token and was not changed")
	if len(revoked) != 0 {
		t.Errorf("revoked %q", revoked)
	}
	wantSecrets(t, server, "t1")
	wantRequests(t, server, getT1)
}

func TestARefusalNamesTheRightThatARevocationNeeds(t *testing.T) {
	t.Parallel()
	for method, right := range map[string]string{http.MethodGet: "the verb get on secrets", http.MethodDelete: "the verb delete on secrets"} {
		server := withTokens(t, "t1")
		server.On(method, t1Path, refusal())
		s, _ := newSession(t, servers{"hub": server})
		_, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")})
		err := wantFailures(t, failures, 0, "hub")[0].Err
		wantError(t, err, failure.Forbidden)
		wantHint(t, err, right+" in namespace default")
		wantSecrets(t, server, "t1")
	}
}

func TestATokenThatWasRevokedByAnotherIsRevoked(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1")
	server.On(http.MethodDelete, t1Path, apitest.Do(func(*http.Request) { server.Remove(revocationOf("default", "t1", 0)) }))
	s, _ := newSession(t, servers{"hub": server})
	if revoked, _ := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")}); len(revoked) != 1 {
		t.Errorf("revoked %q", revoked)
	}
}

func TestALaterSecretOfTheSameNameStays(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1")
	server.On(http.MethodDelete, t1Path, replaced(server, revocationOf("default", "t1", time.Hour)))
	s, _ := newSession(t, servers{"hub": server})
	_, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")})
	wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, failure.Conflict, "revoke default/t1")
	wantSecrets(t, server, "t1")
}

func TestARevocationWithALostAnswerIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose    apitest.Fault
		unread  bool
		revoked int
		reason  failure.Reason
	}{
		"the answer is lost":             {lose: apitest.LoseAnswer(), revoked: 1},
		"the request is lost":            {lose: apitest.LoseRequest(), reason: failure.Unknown},
		"the answer is lost, not to ask": {lose: apitest.LoseAnswer(), unread: true, reason: failure.Unknown},
	} {
		server := withTokens(t, "t1")
		server.On(http.MethodDelete, t1Path, test.lose)
		if test.unread {
			server.On(http.MethodGet, t1Path, refusal().Skip(1))
		}
		s, _ := newSession(t, servers{"hub": server})
		revoked, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")})
		t.Log(name)
		wantRequests(t, server, getT1, deleteT1, getT1)
		if len(revoked) != test.revoked {
			t.Errorf("revoked %q", revoked)
		}
		if test.reason != "" {
			wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, test.reason, "revoke default/t1")
		}
	}
}

func TestNothingIsRevokedAfterAnInterruption(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1", "t2")
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodDelete, t1Path, apitest.Do(func(*http.Request) { cancel() }))
	s, _ := newSession(t, servers{"hub": server})
	revoked, failures, err := (&SARevoke{Session: s, Refs: named("t1", "t2")}).Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, failures, 1, "hub")[0].Err, failure.Interrupted, "revoke default/t2")
	if got := namesOfRevoked(revoked); !slices.Equal(got, []string{"hub/default/t1"}) {
		t.Errorf("revoked %q", got)
	}
	wantSecrets(t, server, "t2")
}

func TestAMemberThatIsUnknownIsNoMissingToken(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.Put(revocationOf("default", "t1", time.Hour))
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1", "m9"))
	a := &SARevoke{Session: s, Refs: []session.Ref{{Context: "hub", Member: "m1", Name: "t1"}, {Context: "hub", Member: "m9", Name: "t1"}}}
	revoked, failures := mustRevoke(t, a)
	err := wantFailures(t, failures, 1, "hub")[0].Err
	wantError(t, err, failure.NotFound, `"m9" not found`)
	wantHint(t, err, "kubectl get clusters shows the members of this control plane")
	if len(revoked) != 1 {
		t.Errorf("revoked %q", revoked)
	}
	wantSecrets(t, member)
}

func TestANameInSeveralMembersIsLeftWithAHintThatNamesThem(t *testing.T) {
	t.Parallel()
	hub, first := withMember(t)
	second := withTokens(t, "t1")
	first.Put(revocationOf("default", "t1", time.Hour))
	hub.AddMember("m2", second)
	s, _ := newSession(t, servers{"hub": hub}, func(s *session.Session) { s.Members.All = true })
	_, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1")})
	err := wantFailures(t, failures, 0, "")[0].Err
	wantError(t, err, failure.Conflict, `token t1 is in 2 members ("m1", "m2")`)
	wantHint(t, err, "name it as CONTEXT/MEMBER/NAME")
	wantSecrets(t, second, "t1")
}

func TestASelectionThatCannotBeMadeRevokesNothing(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	_, _, err := (&SARevoke{Session: s, Refs: named("t1")}).Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}

// ofAccount returns references to all tokens of ServiceAccounts.
func ofAccount(names ...string) []session.Ref {
	var refs []session.Ref
	for _, name := range names {
		refs = append(refs, session.Ref{Account: name})
	}
	return refs
}

func TestAllTokensOfAServiceAccountAreRevokedAfterTheirPlanIsConfirmed(t *testing.T) {
	t.Parallel()
	for confirmed, left := range map[bool][]string{true: {"x1"}, false: {"t1", "t2", "x1"}} {
		server := withTokens(t, "t1", "t2")
		other := revocationOf("default", "x1", time.Hour)
		other.Annotations["joinctl.io/serviceaccount"] = "other"
		server.Put(other, revocationOf("ci", "t1", time.Hour))
		s, _ := newSession(t, servers{"hub": server})
		asked := 0
		a := &SARevoke{Session: s, Refs: ofAccount("robot"), Confirm: func(plan []RevokedToken) bool { asked += len(plan); return confirmed }}
		revoked, _, err := a.Run(t.Context())
		if errors.Is(err, ErrNotConfirmed) == confirmed || asked != 2 || confirmed && len(revoked) != 2 {
			t.Errorf("asked about %d, revoked %v: %v", asked, revoked, err)
		}
		wantSecrets(t, server, left...)
		if len(server.Secrets("ci")) != 1 {
			t.Error("a token of another namespace was revoked")
		}
	}
}

func TestTheOnlyTokenOfAServiceAccountIsRevokedWithoutAQuestion(t *testing.T) {
	t.Parallel()
	server := withTokens(t, "t1")
	s, _ := newSession(t, servers{"hub": server})
	revoked, failures := mustRevoke(t, &SARevoke{Session: s, Refs: ofAccount("robot"), Confirm: func([]RevokedToken) bool { t.Error("asked"); return false }})
	wantFailures(t, failures, 1)
	if !slices.Equal(revoked, []string{"hub/default/t1"}) {
		t.Errorf("revoked %q", revoked)
	}
}

func TestATokenThatIsNotFoundHasAHintAtItsNamespace(t *testing.T) {
	t.Parallel()
	for _, refs := range [][]session.Ref{named("t9"), ofAccount("nobody")} {
		server := withTokens(t, "t1")
		s, _ := newSession(t, servers{"hub": server})
		_, failures := mustRevoke(t, &SARevoke{Session: s, Refs: refs})
		err := wantFailures(t, failures, 0, "hub")[0].Err
		wantError(t, err, failure.NotFound, "not found")
		wantHint(t, err, "only namespace default was searched: -n names another one, and sa list -A shows the tokens of all")
		wantSecrets(t, server, "t1")
	}
}
