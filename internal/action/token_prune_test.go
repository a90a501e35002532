// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// The requests of a search for tokens to prune.
const (
	tokenList    = "GET " + secretsPath + "?fieldSelector=type=bootstrap.kubernetes.io/token"
	otherList    = "GET " + secretsPath + "?fieldSelector=type!=bootstrap.kubernetes.io/token"
	requestList  = "GET " + adminRequests
	getSecond    = "GET " + secretsPath + "/" + secondName
	deleteSecond = "DELETE " + secretsPath + "/" + secondName
	thirdToken   = "cccccc.0123456789abcdef"
)

// expired is the Spec of a token that has expired.
func expired() token.Spec {
	spec := joining("")
	spec.Expires = time.Now().Add(-time.Hour)
	return spec
}

// namesOfPruned returns CONTEXT/ID of tokens.
func namesOfPruned(pruned []PrunedToken) []string {
	var names []string
	for _, one := range pruned {
		names = append(names, one.Target.Context+"/"+token.Ref{Name: one.Object.Secret.Name}.String())
	}
	return names
}

func wantPruned(t *testing.T, pruned []PrunedToken, names ...string) {
	t.Helper()
	if got := namesOfPruned(pruned); !slices.Equal(got, names) {
		t.Errorf("got %q, want %q", got, names)
	}
}

func TestExpiredTokensArePrunedOnEveryTarget(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.New(t)}
	put(t, all["a"], expired(), firstToken)
	put(t, all["a"], joining(""), secondToken)
	put(t, all["b"], expired(), firstToken, thirdToken)
	s, _ := newSession(t, all)
	a := &TokenPrune{Session: s}
	pruned, failures, err := a.Run(t.Context())
	check(t, err)
	wantPruned(t, pruned, "a/abcdef", "b/abcdef", "b/cccccc")
	wantFailures(t, failures, 4) // the target without any counts as one
	wantStored(t, all["a"], "bbbbbb")
	wantStored(t, all["b"])
	wantRequests(t, all["a"], tokenList, otherList, deleteFirst)
	wantRequests(t, all["c"], tokenList, otherList)
	if len(a.Clean()) > 0 {
		t.Errorf("clean: %v", a.Clean())
	}
}

func TestNothingToPruneIsASuccess(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
	put(t, all["a"], joining(""), firstToken)
	s, _ := newSession(t, all)
	a := &TokenPrune{Session: s, Confirm: func([]PrunedToken) bool { t.Error("asked"); return false }}
	pruned, failures, err := a.Run(t.Context())
	check(t, err)
	wantPruned(t, pruned)
	wantError(t, wantFailures(t, failures, 2, "c")[0].Err, failure.Unreachable)
	if len(a.Clean()) != 2 {
		t.Errorf("clean: %v", a.Clean())
	}
	wantRequests(t, all["a"], tokenList, otherList)
}

func TestAPlanIsConfirmedBeforeAnythingIsPruned(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t)}
	put(t, all["a"], expired(), firstToken)
	put(t, all["b"], expired(), secondToken)
	putOwner(t, all["b"], thirdToken, "certificates")
	s, _ := newSession(t, all)
	var asked []string
	a := &TokenPrune{Session: s, Options: token.PruneOptions{NeverExpires: true}}
	a.Left = func(left []PrunedToken) {
		asked = append(asked, "left")
		wantPruned(t, left, "b/cccccc")
	}
	a.Confirm = func(plan []PrunedToken) bool {
		asked = append(asked, "confirm")
		wantPruned(t, plan, "a/abcdef", "b/bbbbbb")
		return false
	}
	_, _, err := a.Run(t.Context())
	if !errors.Is(err, ErrNotConfirmed) || !slices.Equal(asked, []string{"left", "confirm"}) {
		t.Errorf("asked %q: %v", asked, err)
	}
	wantStored(t, all["a"], "abcdef")
	wantRequests(t, all["a"], tokenList, otherList) // nobody joins with an expired token
}

func TestADryRunPrunesNothing(t *testing.T) {
	t.Parallel()
	for mode, requests := range map[DryRun][]string{
		Client: {tokenList, otherList},
		Server: {tokenList, otherList, deleteFirst + "?dryRun=All"},
	} {
		server := apitest.New(t)
		put(t, server, expired(), firstToken)
		s, _ := newSession(t, servers{"a": server})
		a := &TokenPrune{Session: s, DryRun: mode, Confirm: func([]PrunedToken) bool { t.Error("asked"); return false }}
		pruned, failures, err := a.Run(t.Context())
		check(t, err)
		wantPruned(t, pruned, "a/abcdef")
		wantFailures(t, failures, 1)
		wantStored(t, server, "abcdef")
		wantRequests(t, server, requests...)
	}
}

func TestATokenThatOwnsSecretsIsNeverPruned(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	putOwner(t, server, firstToken, "certificates")
	owner := token.Encode(parse(t, secondToken), expired()) // of another token
	owner.UID = "00000000-0000-4000-8000-00000000bbbb"
	owned := token.Encode(parse(t, thirdToken), joining(""))
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: owner.Name, UID: owner.UID}}
	server.Put(owner, owned)
	s, _ := newSession(t, servers{"a": server})
	var left []string
	a := &TokenPrune{Session: s, Options: token.PruneOptions{Malformed: true, Unusable: true}, Left: func(all []PrunedToken) {
		for _, one := range all {
			left = append(left, one.Object.Secret.Name+": "+one.Object.Health.String())
		}
	}}
	pruned, _, err := a.Run(t.Context())
	check(t, err)
	wantPruned(t, pruned)
	if want := []string{secondName + ": other (it owns secret bootstrap-token-cccccc, which goes when it goes)"}; !slices.Equal(left, want) {
		t.Errorf("left %q", left)
	}
}

func TestATokenThatChangesMeanwhileIsNotPruned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*apitest.Server)
		reason failure.Reason // "": no failure
		done   int
		left   []string
	}{
		"extended": {func(server *apitest.Server) {
			secret := server.Secrets(metav1.NamespaceSystem)[0]
			secret.Data["expiration"] = []byte("2099-01-01T00:00:00Z")
			server.Put(&secret)
		}, failure.Conflict, 0, []string{"abcdef"}},
		"created again": {func(server *apitest.Server) { put(t, server, joining(""), firstToken) }, failure.Conflict, 0, []string{"abcdef"}},
		"gone": {func(server *apitest.Server) {
			server.Remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: firstName, Namespace: "kube-system"}})
		}, "", 1, nil},
	} {
		server := apitest.New(t)
		put(t, server, expired(), firstToken)
		s, _ := newSession(t, servers{"a": server})
		a := &TokenPrune{Session: s, Confirm: func([]PrunedToken) bool { test.change(server); return true }}
		pruned, failures, err := a.Run(t.Context())
		check(t, err)
		if len(pruned) > 0 {
			t.Errorf("%s: pruned %v", name, pruned)
		}
		if test.reason == "" {
			wantFailures(t, failures, test.done)
		} else {
			wantError(t, wantFailures(t, failures, test.done, "a")[0].Err, test.reason)
		}
		wantStored(t, server, test.left...)
	}
}

func TestAJoinThatWaitsIsInThePlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    func(*apitest.Server)
		yes      bool
		waiting  []string
		requests []string
		warned   bool
	}{
		"asked":     {nil, false, []string{"csr-1"}, []string{tokenList, otherList, requestList, deleteFirst, deleteSecond}, false},
		"--yes":     {nil, true, nil, []string{tokenList, otherList, deleteFirst, deleteSecond}, false},
		"forbidden": {func(s *apitest.Server) { s.On(http.MethodGet, adminRequests, refusal()) }, false, nil, []string{tokenList, otherList, requestList, deleteFirst, deleteSecond}, true},
		"lost":      {func(s *apitest.Server) { s.On(http.MethodGet, adminRequests, apitest.LoseRequest()) }, false, nil, []string{tokenList, otherList, requestList, requestList, deleteFirst, deleteSecond}, true},
	} {
		server := apitest.New(t)
		put(t, server, joining(""), firstToken, secondToken)
		server.Put(pendingRequest("csr-1", "abcdef"))
		if test.fault != nil {
			test.fault(server)
		}
		s, shown := newSession(t, servers{"a": server}, func(s *session.Session) { s.Parallel = 1 }) // its deletions are in order
		a := &TokenPrune{Session: s, Options: token.PruneOptions{NeverExpires: true}}
		var waiting []string
		if !test.yes {
			a.Confirm = func(plan []PrunedToken) bool {
				for _, one := range plan {
					waiting = append(waiting, one.Object.Uses.Waiting...)
				}
				return true
			}
		}
		_, failures, err := a.Run(t.Context())
		check(t, err)
		wantFailures(t, failures, 2)
		if !slices.Equal(waiting, test.waiting) || (shown.String() != "") != test.warned {
			t.Errorf("%s: waiting %q: %s", name, waiting, shown)
		}
		wantRequests(t, server, test.requests...)
	}
}

func TestOneSweepWithoutTheRightToListNeverFallsBackToLess(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, expired(), firstToken)
	server.On(http.MethodGet, secretsPath, refusal().Skip(1))
	s, _ := newSession(t, servers{"a": server})
	_, failures, err := (&TokenPrune{Session: s}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 0, "a")[0].Err, failure.Forbidden, "tokens may own some of them")
	wantStored(t, server, "abcdef")
}

// The answer to the second of two equal requests is 404.
func TestADeletionThatAProxySendsTwiceNamesTheToken(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*session.Session) (*session.Failures, error){
		"prune": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenPrune{Session: s}).Run(t.Context())
			return failures, err
		},
		"everywhere": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{firstRef}, Everywhere: true}).Run(t.Context())
			return failures, err
		},
		"ignore not found": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{firstRef}, IgnoreNotFound: true}).Run(t.Context())
			return failures, err
		},
	} {
		server := apitest.New(t)
		put(t, server, expired(), firstToken)
		server.On(http.MethodDelete, secretsPath+"/"+firstName, server.Twice())
		s, shown := newSession(t, servers{"a": server})
		failures, err := run(s)
		check(t, err)
		wantFailures(t, failures, 1)
		wantStored(t, server)
		if !strings.Contains(shown.String(), "already gone from context a: token abcdef\n") {
			t.Errorf("%s: stderr is %q", name, shown.String())
		}
	}
}
