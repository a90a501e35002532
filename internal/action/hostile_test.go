// SPDX-License-Identifier: Apache-2.0

package action

import (
	"maps"
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

// hostileWrites returns the faults that apply a write and give an answer that proves nothing, by name.
func hostileWrites(s *apitest.Server) map[string]apitest.Fault {
	faults := s.Hostile()
	faults["another name"] = s.Change(func(o apitest.Object) { o.SetName("bootstrap-token-zzzzzz") })
	faults["another namespace"] = s.Change(func(o apitest.Object) { o.SetNamespace("other") })
	faults["no UID"] = s.Change(func(o apitest.Object) { o.SetUID("") })
	faults["another type"] = s.Change(func(o apitest.Object) { o.(*corev1.Secret).Type = corev1.SecretTypeOpaque })
	faults["another secret"] = s.Change(func(o apitest.Object) {
		o.(*corev1.Secret).Data["token-secret"] = []byte("zzzzzzzzzzzzzzzz")
	})
	faults["sent twice"] = s.Twice()
	faults["lost"] = apitest.LoseAnswer()
	return faults
}

// wantAllNamed fails unless every token on a server is returned, or named in a failure.
func wantAllNamed(t *testing.T, s *apitest.Server, created *CreatedTokens) {
	t.Helper()
	returned := map[string]bool{}
	for _, one := range created.Tokens {
		returned[one.Token.ID] = true
	}
	var told strings.Builder
	for _, err := range created.Failures.Errors() {
		told.WriteString(err.Error())
	}
	for _, id := range stored(s) {
		if !returned[id] && !strings.Contains(told.String(), id) {
			t.Errorf("token %s is stored, and neither returned nor named: %s", id, told.String())
		}
		delete(returned, id)
	}
	if len(returned) > 0 {
		t.Errorf("returned and not stored: %v", slices.Collect(maps.Keys(returned)))
	}
}

func TestATokenWithAHostileAnswerIsFoundOrNamed(t *testing.T) {
	t.Parallel()
	for name := range hostileWrites(apitest.New(t)) {
		for _, given := range []bool{false, true} {
			for _, readable := range []bool{true, false} {
				server := apitest.New(t)
				server.On(http.MethodPost, secretsPath, hostileWrites(server)[name])
				if !readable {
					server.On(http.MethodGet, anySecret, refusal())
				}
				s, _ := newSession(t, servers{"hub": server})
				a := creation(s)
				if given {
					a.Token = parse(t, firstToken)
				}
				created := mustCreate(t, a)
				wantAllNamed(t, server, created)
				if ok := len(created.Tokens) == 1 && !created.Failures.Any(); ok != readable || len(stored(server)) != 1 {
					t.Errorf("%s, given %v, readable %v: %v, %v, stored %q", name, given, readable, created.Tokens, created.Failures.Errors(), stored(server))
				}
			}
		}
	}
}

func TestATokenThatIsNotDeliveredIsDeletedByTheNameThatWasSent(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), "zzzzzz.0123456789abcdef")
	server.On(http.MethodPost, secretsPath, hostileWrites(server)["another name"])
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "was deleted again")
	wantStored(t, server, "zzzzzz")
}

func TestADrawnIDThatExistsIsAnothersOrUnknown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		readable bool
		reason   failure.Reason
		stored   []string
	}{
		{true, "", []string{"aaaaaa", "bbbbbb"}},
		{false, failure.Unknown, []string{"aaaaaa"}},
	} {
		server := apitest.New(t)
		put(t, server, joining(""), "aaaaaa.0123456789abcdef")
		if !test.readable {
			server.On(http.MethodGet, anySecret, refusal())
		}
		s, _ := newSession(t, servers{"hub": server}, drawing("ab"))
		created := mustCreate(t, creation(s))
		wantStored(t, server, test.stored...)
		if test.reason == "" {
			wantFailures(t, created.Failures, 1)
			continue
		}
		err := wantFailures(t, created.Failures, 0, "hub")[0].Err
		wantError(t, err, test.reason, "token aaaaaa may exist", "cannot be read")
		wantText(t, hintOf(err), "joinctl token delete aaaaaa")
	}
}

func TestATokenThatIsStoredLateIsFoundOrMayExist(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		late  time.Duration
		found bool
	}{"soon": {500 * time.Millisecond, true}, "after the last look": {3 * time.Second, false}} {
		server := apitest.New(t)
		server.On(http.MethodPost, secretsPath, server.ApplyLate(test.late))
		s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.RequestTimeout = 2 * time.Second })
		created := mustCreate(t, creation(s))
		if test.found {
			wantFailures(t, created.Failures, 1)
			continue
		}
		err := wantFailures(t, created.Failures, 0, "hub")[0].Err
		wantError(t, err, failure.Unknown, "may exist", "may still be created")
		wantText(t, hintOf(err), "if it exists, remove it with: joinctl token delete ")
		for deadline := time.Now().Add(10 * time.Second); len(stored(server)) == 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the token was never stored", name)
			}
		}
		wantAllNamed(t, server, created)
	}
}

func TestADeletionWithAHostileAnswerIsLookedAt(t *testing.T) {
	t.Parallel()
	for name := range apitest.New(t).Hostile() {
		for _, applied := range []bool{true, false} {
			server := withRobot(t)
			put(t, server, joining(""), firstToken)
			server.Put(revocationOf("default", "t1", time.Hour))
			fault := server.Hostile()[name]
			if !applied {
				fault.Before, fault.After = fault.After, nil
			}
			server.On(http.MethodDelete, "", fault)
			s, _ := newSession(t, servers{"hub": server})
			deleted, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{{Name: firstName}}}).Run(t.Context())
			check(t, err)
			revoked, revokeFailures, err := (&SARevoke{Session: s, Refs: []session.Ref{{Name: "t1"}}}).Run(t.Context())
			check(t, err)
			if (len(deleted) == 1) != applied || failures.Any() == applied || (len(revoked) == 1) != applied || revokeFailures.Any() == applied {
				t.Errorf("%s, applied %v: %v, %v, %v, %v", name, applied, deleted, failures.Errors(), revoked, revokeFailures.Errors())
			}
			if left := len(stored(server)) + len(server.Secrets("default")); (left == 0) != applied {
				t.Errorf("%s, applied %v: %d left", name, applied, left)
			}
		}
	}
}

func TestAReadWithAHostileAnswerIsAFailure(t *testing.T) {
	t.Parallel()
	for name := range apitest.New(t).Hostile() {
		server := apitest.New(t, apitest.Karmada, apitest.Joinable)
		put(t, server, joining(""), firstToken)
		server.On(http.MethodGet, secretsPath, server.Hostile()[name])
		server.On(http.MethodGet, anySecret, server.Hostile()[name])
		s, _ := newSession(t, servers{"hub": server})
		list, err := (&TokenList{Session: s}).Run(t.Context())
		check(t, err)
		if len(list.Shown) > 0 || !list.Failures.Any() {
			t.Errorf("%s: listed %v, %v", name, list.Shown, list.Failures.Errors())
		}
		printed, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
		check(t, err)
		if len(printed.Tokens) > 0 || !printed.Failures.Any() {
			t.Errorf("%s: printed %v", name, printed.Tokens)
		}
		_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{{Name: firstName}}}).Run(t.Context())
		check(t, err)
		if !failures.Any() || len(stored(server)) != 1 {
			t.Errorf("%s: deleted, %v", name, failures.Errors())
		}
	}
}

func TestTheCommandOfAnotherTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	put(t, server, joining(""), firstToken)
	other := token.Encode(parse(t, "zzzzzz.0123456789abcdef"), joining(""))
	other.UID = "other"
	server.On(http.MethodGet, anySecret, apitest.RespondObject(http.StatusOK, other))
	s, _ := newSession(t, servers{"hub": server})
	out, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.Unsupported, "bootstrap-token-zzzzzz", firstName)
}

func TestARevocableTokenNeedsTheLabelOfItsSecretOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		strip  func(apitest.Object)
		issued bool
	}{
		"annotations are stripped": {func(o apitest.Object) { o.SetAnnotations(nil) }, true},
		"labels are stripped":      {func(o apitest.Object) { o.SetLabels(nil) }, false},
	} {
		server := withRobot(t)
		server.On(http.MethodPost, defaultSecrets, server.Change(test.strip))
		s, _ := newSession(t, servers{"hub": server}, fixedNames)
		issued := mustRequest(t, revocable(s))
		if (len(issued.Tokens) == 1) != test.issued || issued.Failures.Any() == test.issued || (len(server.Secrets("default")) == 1) != test.issued {
			t.Errorf("%s: %v, %v", name, issued.Tokens, issued.Failures.Errors())
		}
	}
}

func TestARevocationSecretThatWasSentTwiceIsFound(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On("", "", server.Twice())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	issued := mustRequest(t, revocable(s))
	wantFailures(t, issued.Failures, 1)
	wantSecrets(t, server, robotSecret)
}

func TestATokenOfAnotherServiceAccountIsDiscarded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(apitest.Object){
		"another name":      func(o apitest.Object) { o.SetName("other") },
		"another namespace": func(o apitest.Object) { o.SetNamespace("other") },
	} {
		server := withRobot(t)
		server.On(http.MethodPost, robotTokenPath, server.Change(change))
		s, _ := newSession(t, servers{"hub": server}, fixedNames)
		issued := mustRequest(t, revocable(s))
		wantError(t, wantFailures(t, issued.Failures, 0, "hub")[0].Err, failure.Unsupported, "TokenRequest")
		if len(issued.Tokens) > 0 || len(server.Secrets(metav1.NamespaceDefault)) > 0 {
			t.Errorf("%s: issued %v", name, issued.Tokens)
		}
	}
}
