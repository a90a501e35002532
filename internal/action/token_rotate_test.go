// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
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
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// rotation returns an action that rotates firstToken. The next token that it draws is 222222.
func rotation(s *session.Session, old OldToken) *TokenRotate {
	return &TokenRotate{
		Session: s, Ref: firstRef, Old: old, Join: JoinCommandOptions{Joiner: join.Karmada},
		Deliver: func(*RotatedToken) error { return nil },
	}
}

func mustRotate(t *testing.T, a *TokenRotate) *RotatedToken {
	t.Helper()
	rotated, err := a.Run(t.Context())
	check(t, err)
	return rotated
}

// putAged stores a token that was created some time ago.
func putAged(t *testing.T, server *apitest.Server, spec token.Spec, age time.Duration, text string) *corev1.Secret {
	t.Helper()
	secret := token.Encode(parse(t, text), spec)
	secret.CreationTimestamp = metav1.NewTime(time.Now().Add(-age).Truncate(time.Second))
	secret.Labels = map[string]string{"team": "west"}
	if spec.For != "" {
		secret.Labels["joinctl.io/for"] = spec.For
	}
	server.Put(secret)
	return secret
}

var (
	deleteOld = OldToken{Delete: true}
	expireOld = OldToken{ExpireIn: 5 * time.Minute}
)

func TestTheNewTokenIsLikeTheOldOneWhichStays(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	spec := lastingToken("m1", time.Hour)
	spec.Description, spec.Groups = "for the west", []string{"system:bootstrappers:a", "system:bootstrappers:b"}
	old := putAged(t, server, spec, 23*time.Hour, firstToken)
	s, _ := newSession(t, servers{"hub": server}, drawing("2"))
	rotated := mustRotate(t, rotation(s, OldToken{}))
	wantFailures(t, rotated.Failures, 1)
	wantStored(t, server, "222222", "abcdef")
	wantLeft(t, server, "222222", 24*60)
	wantLeft(t, server, "abcdef", 60)
	created := server.Secrets(metav1.NamespaceSystem)[0]
	_, got, err := token.Decode(&created)
	check(t, err)
	if !slices.Equal(got.Groups, spec.Groups) || !slices.Equal(got.Usages, spec.Usages) || got.Description != spec.Description || got.For != "m1" || created.Labels["team"] != "west" {
		t.Errorf("created %+v, labels %v", got, created.Labels)
	}
	if kept := server.Secrets(metav1.NamespaceSystem)[1]; !maps.EqualFunc(kept.Data, old.Data, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("kept %v", kept.Data)
	}
	wantRequests(t, server, getFirst, "GET /version", "POST "+secretsPath)
}

func TestTheOldTokenGoesOnlyAfterTheNewOneIsDelivered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old   OldToken
		times map[string]int
	}{
		"delete": {deleteOld, map[string]int{"222222": 60}},
		"expire": {expireOld, map[string]int{"222222": 60, "abcdef": 5}},
	} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", 30*time.Minute), 30*time.Minute, firstToken)
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		a := rotation(s, test.old)
		a.Deliver = func(rotated *RotatedToken) error {
			if want := (map[string]int{"222222": 60, "abcdef": 30}); !maps.Equal(left(t, server), want) || rotated.Tokens[0].Token.ID != "222222" {
				t.Errorf("%s: at the delivery there are %v", name, left(t, server))
			}
			return nil
		}
		rotated := mustRotate(t, a)
		wantFailures(t, rotated.Failures, 1)
		if got := left(t, server); !maps.Equal(got, test.times) || rotated.Deleted != test.old.Delete || (rotated.Shortened != nil) == test.old.Delete {
			t.Errorf("%s: left %v, rotated %+v", name, got, rotated)
		}
	}
}

func TestATokenThatCannotBeDeliveredReplacesNone(t *testing.T) {
	t.Parallel()
	for _, old := range []OldToken{{}, deleteOld, expireOld} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		a := rotation(s, old)
		a.Deliver = func(*RotatedToken) error { return errClosedPipe }
		_, err := a.Run(t.Context())
		wantText(t, err.Error(), "closed pipe", "token 222222 was created in context hub, could not be printed, and was deleted again")
		wantStored(t, server, "abcdef")
		wantLeft(t, server, "abcdef", 60)
	}
}

func TestATokenThatExpiresEarlierAnywayStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, in := range []time.Duration{time.Minute, -time.Minute} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", in), 10*time.Minute, firstToken)
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		rotated := mustRotate(t, rotation(s, expireOld))
		wantFailures(t, rotated.Failures, 1)
		if rotated.Shortened != nil || count(server, http.MethodPut) != 0 {
			t.Errorf("shortened %+v", rotated.Shortened)
		}
		wantLeft(t, server, "abcdef", int(in/time.Minute))
		wantLeft(t, server, "222222", int((in+10*time.Minute)/time.Minute))
	}
}

func TestATokenThatNobodyCanUseIsNotRotated(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*corev1.Secret){
		"malformed":                        func(s *corev1.Secret) { s.Data["token-secret"] = []byte("short") },
		"it is unusable (bad group":        func(s *corev1.Secret) { s.Data["auth-extra-groups"] = []byte("x") },
		"it is unusable (no usage)":        func(s *corev1.Secret) { maps.DeleteFunc(s.Data, isUsageKey) },
		"it is other (for the usages":      func(s *corev1.Secret) { maps.DeleteFunc(s.Data, isUsageKey); s.Data["usage-x"] = []byte("true") },
		"it expired before its Secret was": func(s *corev1.Secret) { s.CreationTimestamp = metav1.NewTime(time.Now().Add(2 * time.Hour)) },
	} {
		server := apitest.New(t)
		secret := putAged(t, server, lastingToken("", -time.Minute), time.Hour, firstToken)
		spoil(secret)
		server.Put(secret)
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		rotated := mustRotate(t, rotation(s, deleteOld))
		wantError(t, wantFailures(t, rotated.Failures, 0, "hub")[0].Err, failure.Invalid, "token abcdef is not rotated: ", want)
		if len(stored(server)) != 1 || len(rotated.Tokens) != 0 {
			t.Errorf("%s: stored %v", want, stored(server))
		}
	}
}

func isUsageKey(key string, _ []byte) bool { return strings.HasPrefix(key, "usage-") }

func TestALifetimeCanBeNamed(t *testing.T) {
	t.Parallel()
	for want, lifetime := range map[int]token.Lifetime{0: {}, 10: {TTL: 10 * time.Minute}, 20: {Expires: token.Expiry(time.Now().Add(20 * time.Minute))}} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		a := rotation(s, OldToken{})
		a.Lifetime = &lifetime
		mustRotate(t, a)
		wantLeft(t, server, "222222", want)
	}
}

func TestAClusterThatWaitsForItsCertificateIsAskedAboutBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		old    OldToken
		asks   bool
		yes    bool
		stored []string
	}{
		{deleteOld, true, false, []string{"abcdef"}},
		{deleteOld, true, true, []string{"222222"}},
		{expireOld, false, false, []string{"222222", "abcdef"}},
		{OldToken{}, false, false, []string{"222222", "abcdef"}},
	} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
		server.Put(pendingRequest("csr-m1", "abcdef"))
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		a := rotation(s, test.old)
		asked := false
		a.Confirm = func(rotated *RotatedToken) bool {
			asked = true
			if !slices.Equal(rotated.Uses, []string{"csr-m1"}) || count(server, http.MethodPost) != 0 {
				t.Errorf("asked about %v after %q", rotated.Uses, server.Requests())
			}
			return test.yes
		}
		_, err := a.Run(t.Context())
		if asked != test.asks || errors.Is(err, ErrNotConfirmed) != (test.asks && !test.yes) {
			t.Errorf("%+v: asked %v, %v", test, asked, err)
		}
		wantStored(t, server, test.stored...)
	}
}

func TestATokenIsRotatedThoughItsUsesCannotBeRead(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
	server.On(http.MethodGet, "/apis/certificates.k8s.io/v1/*", refusal())
	s, shown := newSession(t, servers{"hub": server}, drawing("2"))
	wantFailures(t, mustRotate(t, rotation(s, deleteOld)).Failures, 1)
	wantText(t, shown.String(), "cannot tell whether a joiner still waits for its certificate: list certificate requests: ")
	wantStored(t, server, "222222")
}

func TestAnOldTokenThatCannotBeRetiredIsAFailureAndTheNewOneStays(t *testing.T) {
	t.Parallel()
	for method, old := range map[string]OldToken{http.MethodDelete: deleteOld, http.MethodPut: expireOld} {
		server := apitest.New(t)
		putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
		server.On(method, secretsPath+"/"+firstName, refusal())
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		rotated := mustRotate(t, rotation(s, old))
		err := wantFailures(t, rotated.Failures, 1, "hub")[0].Err
		wantError(t, err, failure.Forbidden, "the old token abcdef was not ")
		wantText(t, hintOf(err), "the new token 222222 exists and was printed", "joinctl token delete abcdef --kubeconfig")
		wantStored(t, server, "222222", "abcdef")
	}
}

func TestATokenThatReplacedTheOldOneMeanwhileStays(t *testing.T) {
	t.Parallel()
	for method, old := range map[string]OldToken{http.MethodDelete: deleteOld, http.MethodPut: expireOld} {
		server := apitest.New(t)
		secret := putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
		server.On(method, secretsPath+"/"+firstName, replaced(server, secret))
		s, _ := newSession(t, servers{"hub": server}, drawing("2"))
		wantError(t, wantFailures(t, mustRotate(t, rotation(s, old)).Failures, 1, "hub")[0].Err, failure.Conflict)
		wantLeft(t, server, "abcdef", 60)
	}
}

func TestAnOldTokenThatIsGoneAlreadyIsDeleted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	secret := putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
	server.On(http.MethodDelete, "", apitest.Do(func(*http.Request) { server.Remove(secret) }))
	s, _ := newSession(t, servers{"hub": server}, drawing("2"))
	wantFailures(t, mustRotate(t, rotation(s, deleteOld)).Failures, 1)
	wantStored(t, server, "222222")
}

func TestANewTokenThatIsNotSignedReplacesNone(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
	s, _ := newSession(t, servers{"hub": server}, drawing("2"))
	a := rotation(s, deleteOld)
	a.Join.Wanted, a.Join.Wait = true, 10*time.Millisecond
	rotated := mustRotate(t, a)
	wantText(t, wantFailures(t, rotated.Failures, 1, "hub")[0].Err.Error(), "the old token abcdef was not deleted, and it stays valid: the new token is not ready for use")
	if len(rotated.Findings) != 1 {
		t.Errorf("findings %v", rotated.Findings)
	}
	wantStored(t, server, "222222", "abcdef")
}

func TestARotatedTokenComesWithItsCommand(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	putAged(t, server, lastingToken("m1", time.Hour), 0, firstToken)
	s, _ := newSession(t, servers{"hub": server}, drawing("2"))
	a := rotation(s, deleteOld)
	a.Join.Wanted, a.Join.Wait = true, 5*time.Second
	rotated := mustRotate(t, a)
	wantFailures(t, rotated.Failures, 1)
	wantText(t, rotated.Tokens[0].Credential(), "karmadactl register", "222222.", "--cluster-name m1")
	wantStored(t, server, "222222")
}

func TestADryRunRotatesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []DryRun{Client, Server} {
		for _, old := range []OldToken{{}, deleteOld, expireOld} {
			server := apitest.New(t)
			putAged(t, server, lastingToken("", time.Hour), 0, firstToken)
			s, _ := newSession(t, servers{"hub": server}, drawing("2"))
			a := rotation(s, old)
			a.DryRun = mode
			rotated := mustRotate(t, a)
			wantFailures(t, rotated.Failures, 1)
			if len(rotated.Tokens) != 1 || rotated.Tokens[0].Spec.Expires.Sub(rotated.Tokens[0].Now) != time.Hour {
				t.Errorf("%s: rotated %+v", mode, rotated.Tokens)
			}
			for _, request := range requestsTo(server) {
				if !strings.HasPrefix(request, http.MethodGet+" ") && (mode == Client || !strings.HasSuffix(request, "?dryRun=All")) {
					t.Errorf("%s: request %s", mode, request)
				}
			}
			wantStored(t, server, "abcdef")
			wantLeft(t, server, "abcdef", 60)
		}
	}
}

func TestAnAmbiguousTokenIsNotRotated(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t)}
	for _, server := range all {
		putAged(t, server, lastingToken("m1", time.Hour), 0, firstToken)
	}
	for _, ref := range []session.Ref{firstRef, {Cluster: "m1"}} {
		s, _ := newSession(t, all, drawing("2"))
		a := rotation(s, deleteOld)
		a.Ref = ref
		rotated := mustRotate(t, a)
		if len(rotated.Tokens) != 0 || len(rotated.Failures.All()) != 1 {
			t.Errorf("rotated %+v, failures %v", rotated.Tokens, rotated.Failures.All())
		}
		wantText(t, rotated.Failures.All()[0].Err.Error(), "is in 2 contexts")
	}
	s, _ := newSession(t, all, drawing("2"))
	a := rotation(s, deleteOld)
	a.Ref.Context = "b"
	wantFailures(t, mustRotate(t, a).Failures, 1)
	wantStored(t, all["a"], "abcdef")
	wantStored(t, all["b"], "222222")
}
