// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

const whoAmI = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews"

// ensuringM1 returns an action that ensures a token of a day for cluster m1.
func ensuringM1(s *session.Session) *TokenEnsure {
	return &TokenEnsure{
		TokenCreate: TokenCreate{
			Session: s, TTL: 24 * time.Hour, Spec: joining(""), Clusters: []string{"m1"},
			Join:    JoinCommandOptions{Joiner: join.Karmada, Wait: time.Second},
			Deliver: func(*CreatedTokens) error { return nil },
		},
		MinTTL: 12 * time.Hour, As: AsToken,
	}
}

// toSecret makes an action keep the token in the Secret apps/join.
func toSecret(a *TokenEnsure) *TokenEnsure {
	a.Publish.Secret = publish.SecretRef{Namespace: "apps", Name: "join"}
	return a
}

// ensured runs an action that succeeds, and returns the token of m1.
func ensured(t *testing.T, a *TokenEnsure) CreatedToken {
	t.Helper()
	out, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, out.Failures, 1)
	return out.Tokens[0]
}

// refused runs an action that fails for m1, or for the target, and returns why.
func refused(t *testing.T, a *TokenEnsure, name string) error {
	t.Helper()
	out, err := a.Run(t.Context())
	check(t, err)
	return wantFailures(t, out.Failures, 0, name)[0].Err
}

// lasting is the Spec of a token for m1 that is valid for so much longer.
func lasting(left time.Duration) token.Spec {
	spec := joining("m1")
	spec.Expires = time.Now().Add(left).UTC().Truncate(time.Second)
	return spec
}

func publishedToken(t *testing.T, s *apitest.Server) token.Token {
	t.Helper()
	secrets := s.Secrets("apps")
	if len(secrets) != 1 {
		t.Fatalf("%d secrets are published", len(secrets))
	}
	return parse(t, string(secrets[0].Data["token"]))
}

func TestATokenIsHandedOutIfItServesAndElseCreated(t *testing.T) {
	t.Parallel()
	const second = "bbbbbb.bbbbbbbbbbbbbbbb"
	signing := func(spec token.Spec) token.Spec { spec.Usages = spec.Usages[:1]; spec.Groups = nil; return spec }
	grouped := func(spec token.Spec) token.Spec { spec.Groups = []string{"system:bootstrappers:other"}; return spec }
	for name, test := range map[string]struct {
		put  func(t *testing.T, s *apitest.Server)
		want string // the ID of the token that is handed out; "": a new one
	}{
		"there is none":   {put: func(*testing.T, *apitest.Server) {}},
		"valid":           {want: "abcdef", put: func(t *testing.T, s *apitest.Server) { put(t, s, lasting(13*time.Hour), firstToken) }},
		"under --min-ttl": {put: func(t *testing.T, s *apitest.Server) { put(t, s, lasting(11*time.Hour), firstToken) }},
		"expired":         {put: func(t *testing.T, s *apitest.Server) { put(t, s, lasting(-time.Hour), firstToken) }},
		"for one usage only": {put: func(t *testing.T, s *apitest.Server) {
			put(t, s, signing(lasting(20*time.Hour)), firstToken)
		}},
		"in another group": {put: func(t *testing.T, s *apitest.Server) {
			put(t, s, grouped(lasting(20*time.Hour)), firstToken)
		}},
		"for another cluster": {put: func(t *testing.T, s *apitest.Server) {
			spec := lasting(20 * time.Hour)
			spec.For = "m2"
			put(t, s, spec, firstToken)
		}},
		"malformed": {put: func(t *testing.T, s *apitest.Server) {
			secret := token.Encode(parse(t, firstToken), lasting(20*time.Hour))
			secret.Data["token-secret"] = []byte("short")
			s.Put(secret)
		}},
		"several: the one that is valid for longest": {want: "bbbbbb", put: func(t *testing.T, s *apitest.Server) {
			put(t, s, lasting(13*time.Hour), firstToken)
			put(t, s, lasting(14*time.Hour), second)
			put(t, s, signing(lasting(20*time.Hour)), "cccccc.cccccccccccccccc")
		}},
		"one that never expires": {want: "abcdef", put: func(t *testing.T, s *apitest.Server) { put(t, s, joining("m1"), firstToken) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			test.put(t, server)
			before := stored(server)
			s, _ := newSession(t, servers{"hub": server})
			one := ensured(t, ensuringM1(s))
			switch {
			case test.want != "" && (one.Token.ID != test.want || !one.Existed || count(server, http.MethodPost) != 0):
				t.Errorf("handed out %s, existed %v; requests %q", one.Token.ID, one.Existed, server.Requests())
			case test.want == "" && (one.Existed || slices.Contains(before, one.Token.ID) || one.Spec.Expires.Sub(one.Now) != 24*time.Hour):
				t.Errorf("handed out %+v", one)
			}
			if string(one.Content) != one.Token.Reveal() {
				t.Error("the content is not the token")
			}
			if again := ensured(t, ensuringM1(s)); again.Token != one.Token || !again.Existed {
				t.Errorf("the second run handed out %s, existed %v", again.Token.ID, again.Existed)
			}
		})
	}
}

func TestATokenTakesNoMoreRequestsThanItNeeds(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	list := "GET " + secretsPath + "?fieldSelector=type=bootstrap.kubernetes.io/token&labelSelector=joinctl.io/for in (m1)"
	ensured(t, ensuringM1(s))
	wantRequests(t, server, list, "POST "+secretsPath)
	ensured(t, ensuringM1(s))
	wantRequests(t, server, list, "POST "+secretsPath, list)
}

func TestAPublishedTokenIsUsedBeforeItReplacesTheOldOneAndIsWrittenOnlyOnChange(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lasting(time.Hour), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	one := ensured(t, toSecret(ensuringM1(s)))
	if publishedToken(t, server) != one.Token || one.Published.Change != publish.Created || !slices.Equal(one.Published.Keys, []string{"token"}) {
		t.Errorf("published %+v", one.Published)
	}
	wantRequests(t, server, server.Requests()[0], "GET "+consumerPath+"/join", "POST "+consumerPath+"?dryRun=All", "POST "+secretsPath, whoAmI, "POST "+consumerPath)
	if again := ensured(t, toSecret(ensuringM1(s))); again.Token != one.Token || again.Published.Change != publish.Unchanged {
		t.Errorf("published %+v", again.Published)
	}
	if n := count(server, http.MethodPut); n != 0 {
		t.Errorf("%d updates", n)
	}
	// A second token that is valid for longer is no reason to replace one that serves.
	put(t, server, lasting(48*time.Hour), "bbbbbb.bbbbbbbbbbbbbbbb")
	if again := ensured(t, toSecret(ensuringM1(s))); again.Token != one.Token || again.Published.Change != publish.Unchanged {
		t.Errorf("published %s: %+v", again.Token.ID, again.Published)
	}
	server.Clock(23 * time.Hour)
	if later := ensured(t, toSecret(ensuringM1(s))); later.Token.ID != "bbbbbb" || later.Published.Change != publish.Updated || publishedToken(t, server) != later.Token {
		t.Errorf("published %s: %+v", later.Token.ID, later.Published)
	}
}

func TestNothingIsCreatedIfTheTokenCannotBePublished(t *testing.T) {
	t.Parallel()
	forbidden := apierrors.NewForbidden(corev1.Resource("secrets"), "join", nil)
	for name, test := range map[string]struct {
		fault  func(s *apitest.Server)
		name   string // of the failure
		reason failure.Reason
		want   string
	}{
		"a Secret of somebody else": {name: "hub", reason: failure.Conflict, want: "joinctl did not make it", fault: func(s *apitest.Server) {
			s.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "join"}})
		}},
		"a Secret of another cluster": {name: "m1", reason: failure.Invalid, want: "has the token of cluster m2", fault: func(s *apitest.Server) {
			s.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
				Namespace: "apps", Name: "join",
				Labels: map[string]string{"app.kubernetes.io/managed-by": "joinctl"}, Annotations: map[string]string{forAnnotation: "m2"},
			}})
		}},
		"no right to create": {name: "m1", reason: failure.Forbidden, want: "nothing was created", fault: func(s *apitest.Server) {
			s.On(http.MethodPost, consumerPath, apitest.Refuse(forbidden))
		}},
		"no right to read": {name: "hub", reason: failure.Forbidden, want: "apps/join", fault: func(s *apitest.Server) {
			s.On(http.MethodGet, consumerPath+"/join", apitest.Refuse(forbidden))
		}},
		"no namespace": {name: "m1", reason: failure.NotFound, want: `namespaces "apps"`, fault: func(s *apitest.Server) {
			s.On(http.MethodPost, consumerPath, apitest.Refuse(apierrors.NewNotFound(corev1.Resource("namespaces"), "apps")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			test.fault(server)
			s, _ := newSession(t, servers{"hub": server})
			wantError(t, refused(t, toSecret(ensuringM1(s)), test.name), test.reason, test.want)
			wantStored(t, server)
		})
	}
}

func TestATokenThatCannotBePublishedOrDoesNotWorkIsDeletedAgain(t *testing.T) {
	t.Parallel()
	late := apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "join", nil)).Skip(1) // the dry run succeeds
	for name, test := range map[string]struct {
		fault  func(s *apitest.Server)
		reason failure.Reason
	}{
		"the write is refused": {reason: failure.Forbidden, fault: func(s *apitest.Server) { s.On(http.MethodPost, consumerPath, late) }},
		"the server does not accept the token": {reason: failure.Invalid, fault: func(s *apitest.Server) {
			s.On(http.MethodPost, strings.TrimPrefix(whoAmI, "POST "), apitest.Refuse(apierrors.NewUnauthorized("no")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			test.fault(server)
			s, _ := newSession(t, servers{"hub": server})
			wantError(t, refused(t, toSecret(ensuringM1(s)), "m1"), test.reason, "was deleted again")
			wantStored(t, server)
			if len(server.Secrets("apps")) != 0 {
				t.Error("it is published")
			}
		})
	}
}

func TestATokenWhoseSecretMayHaveBeenWrittenStays(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, consumerPath, apitest.LoseAnswer().Skip(1).Times(1))
	server.On(http.MethodGet, consumerPath+"/join", apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "join", nil)).Skip(1).Times(1))
	s, _ := newSession(t, servers{"hub": server})
	err := refused(t, toSecret(ensuringM1(s)), "m1")
	wantError(t, err, failure.Unknown, "may have been written", "stays")
	wantText(t, hintOf(err), "run the same command again")
	if one := ensured(t, toSecret(ensuringM1(s))); !one.Existed || publishedToken(t, server) != one.Token || len(stored(server)) != 1 {
		t.Errorf("handed out %+v", one)
	}
}

func TestATokenIsPublishedIfTheServerIsBusyAfterItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, consumerPath, apitest.LoseAnswer().Skip(1).Times(1))
	server.On(http.MethodGet, consumerPath+"/join", apitest.Refuse(apierrors.NewInternalError(errClosedPipe)).Skip(1).Times(1))
	s, _ := newSession(t, servers{"hub": server})
	if one := ensured(t, toSecret(ensuringM1(s))); one.Existed || publishedToken(t, server) != one.Token || len(stored(server)) != 1 {
		t.Errorf("handed out %+v", one)
	}
}

func TestASecretThatSomebodyElseChangedMeanwhileIsReadAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	first := ensured(t, toSecret(ensuringM1(s)))
	server.Clock(20 * time.Hour)
	server.On(http.MethodPut, consumerPath+"/join", apitest.Do(func(*http.Request) {
		secret := server.Secrets("apps")[0]
		secret.Annotations["other"] = "changed"
		server.Put(&secret)
	}).Skip(1).Times(1))
	second := ensured(t, toSecret(ensuringM1(s)))
	if second.Token == first.Token || publishedToken(t, server) != second.Token || server.Secrets("apps")[0].Annotations["other"] != "changed" {
		t.Errorf("published %s", publishedToken(t, server).ID)
	}
	wantStored(t, server, sorted(first.Token.ID, second.Token.ID)...)
}

func TestTheLoserOfARaceTakesThePublishedTokenAndDeletesItsOwn(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	ensured(t, toSecret(ensuringM1(s)))
	server.Clock(20 * time.Hour)
	spec := lasting(44 * time.Hour)
	const winner = "zzzzzz.zzzzzzzzzzzzzzzz"
	server.On(http.MethodPut, consumerPath+"/join", apitest.Do(func(*http.Request) {
		put(t, server, spec, winner)
		secret := server.Secrets("apps")[0]
		secret.Data["token"] = []byte(winner)
		server.Put(&secret)
	}).Skip(1).Times(1))
	if one := ensured(t, toSecret(ensuringM1(s))); one.Token.ID != "zzzzzz" || !one.Existed || publishedToken(t, server) != one.Token {
		t.Errorf("handed out %+v", one)
	}
	if ids := stored(server); len(ids) != 2 {
		t.Errorf("stored %q", ids)
	}
}

func TestRunsAtTheSameTimeCreateOneToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lasting(time.Hour), firstToken)
	const runs = 8
	var group sync.WaitGroup
	for range runs {
		s, _ := newSession(t, servers{"hub": server})
		group.Go(func() {
			if out, err := toSecret(ensuringM1(s)).Run(t.Context()); err != nil || out.Failures.Any() {
				t.Errorf("%v, %v", err, out.Failures.All())
			}
		})
	}
	group.Wait()
	if ids := stored(server); len(ids) != 2 || !slices.Contains(ids, publishedToken(t, server).ID) {
		t.Errorf("stored %q, published %s", ids, publishedToken(t, server).ID)
	}
}

func TestALostAnswerToACreationIsResolved(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.LoseAnswer().Times(1))
	s, _ := newSession(t, servers{"hub": server})
	one := ensured(t, toSecret(ensuringM1(s)))
	wantStored(t, server, one.Token.ID)
}

func TestATokenThatCannotBeDeliveredIsDeletedAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lasting(time.Hour), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a := ensuringM1(s)
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Internal, "closed pipe", "deleted again")
	wantStored(t, server, "abcdef")
}

func sorted(ids ...string) []string { slices.Sort(ids); return ids }
