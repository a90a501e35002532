// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// lastingToken is the Spec of a token for a cluster that expires after a time.
func lastingToken(cluster string, in time.Duration) token.Spec {
	spec := joining(cluster)
	spec.Expires = time.Now().Add(in).UTC().Truncate(time.Second)
	return spec
}

// extending returns an action that makes tokens valid for two hours from now.
func extending(s *session.Session, refs ...session.Ref) *TokenExtend {
	return &TokenExtend{Session: s, Refs: refs, Extension: token.Extension{Lifetime: token.Lifetime{TTL: 2 * time.Hour}}}
}

var firstRef = session.Ref{Name: firstName}

// left returns how long the tokens on a server are still valid, in minutes by ID; 0 for a token that never expires.
func left(t *testing.T, server *apitest.Server) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, secret := range server.Secrets(metav1.NamespaceSystem) {
		tok, spec, err := token.Decode(&secret)
		check(t, err)
		if out[tok.ID] = 0; !spec.Expires.IsZero() {
			out[tok.ID] = int(time.Until(spec.Expires).Round(time.Minute) / time.Minute)
		}
	}
	return out
}

func wantLeft(t *testing.T, server *apitest.Server, id string, minutes int) {
	t.Helper()
	got, ok := left(t, server)[id]
	if !ok || got != minutes {
		t.Errorf("token %s (exists: %v) is valid for %d more minutes, want %d", id, ok, got, minutes)
	}
}

func TestEveryTokenIsExtendedAlsoAfterOneCannotBe(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lastingToken("", -time.Minute), firstToken)
	put(t, server, lastingToken("m1", time.Minute), secondToken)
	s, shown := newSession(t, servers{"hub": server})
	extended, failures, err := extending(s, firstRef, session.Ref{Cluster: "m1"}, session.Ref{Name: "bootstrap-token-cccccc"}).Run(t.Context())
	check(t, err)
	failed := wantFailures(t, failures, 1, "hub", "hub")
	wantError(t, failed[0].Err, failure.NotFound, "token cccccc not found")
	wantError(t, failed[1].Err, failure.Invalid, "token abcdef expired at", "the token cleaner may delete it at any moment")
	wantText(t, hintOf(failed[1].Err), "token rotate")
	if len(extended) != 1 || extended[0].Secret.Name != "bootstrap-token-bbbbbb" || extended[0].Ref.Cluster != "m1" || extended[0].Target.Context != "hub" {
		t.Errorf("extended %+v", extended)
	}
	wantLeft(t, server, "bbbbbb", 120)
	wantLeft(t, server, "abcdef", -1)
	if shown.String() != "" {
		t.Errorf("stderr: %s", shown)
	}
}

func TestATokenIsExtendedByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Clock(5 * time.Hour)
	put(t, server, lastingToken("", 6*time.Hour), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a := extending(s, firstRef)
	_, failures, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	wantLeft(t, server, "abcdef", 7*60)
}

func TestNoTokenIsExtendedByAClockThatIsADayOff(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{0, time.Hour} {
		server := apitest.New(t)
		server.Clock(-50 * time.Hour)
		put(t, server, lastingToken("", time.Minute), firstToken)
		s, _ := newSession(t, servers{"hub": server})
		a := extending(s, firstRef)
		a.Extension.TTL = ttl
		_, failures, err := a.Run(t.Context())
		check(t, err)
		wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, failure.Invalid, "more than a day apart")
		if n := count(server, http.MethodPut); n != 0 {
			t.Errorf("%d PUTs", n)
		}
	}
}

func TestADryRunExtendsNothing(t *testing.T) {
	t.Parallel()
	for mode, puts := range map[DryRun]int{Client: 0, Server: 1} {
		server := apitest.New(t)
		put(t, server, lastingToken("", time.Minute), firstToken)
		put(t, server, lastingToken("", -time.Minute), secondToken)
		s, _ := newSession(t, servers{"hub": server})
		a := extending(s, firstRef, session.Ref{Name: "bootstrap-token-bbbbbb"})
		a.DryRun = mode
		extended, failures, err := a.Run(t.Context())
		check(t, err)
		wantError(t, wantFailures(t, failures, 1, "hub")[0].Err, failure.Invalid, "token bbbbbb expired at")
		if len(extended) != 1 || extended[0].New.Sub(extended[0].Now) != 2*time.Hour || count(server, http.MethodPut) != puts {
			t.Errorf("%s: extended %+v, requests %q", mode, extended, server.Requests())
		}
		wantLeft(t, server, "abcdef", 1)
	}
}

func TestATokenThatIsLongEnoughValidIsNotWritten(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	spec := lastingToken("", 2*time.Hour)
	put(t, server, spec, firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a := extending(s, firstRef)
	a.Extension.Lifetime = token.Lifetime{Expires: token.Expiry(spec.Expires)}
	extended, failures, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	if len(extended) != 1 || extended[0].IsChanged() || count(server, http.MethodPut) != 0 {
		t.Errorf("extended %+v, requests %q", extended, server.Requests())
	}
}

func TestAnAmbiguousTokenIsNotExtended(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.New(t)}
	for _, name := range []string{"a", "b"} {
		put(t, all[name], lastingToken("m1", time.Minute), firstToken)
	}
	put(t, all["c"], lastingToken("m2", time.Minute), secondToken, "cccccc.0123456789abcdef")
	s, _ := newSession(t, all)
	refs := []session.Ref{firstRef, {Cluster: "m1"}, {Cluster: "m2"}, {Context: "c", Name: "bootstrap-token-cccccc"}}
	extended, failures, err := extending(s, refs...).Run(t.Context())
	check(t, err)
	if len(extended) != 1 || extended[0].Secret.Name != "bootstrap-token-cccccc" {
		t.Errorf("extended %+v", extended)
	}
	var texts []string
	for _, one := range failures.All() {
		texts = append(texts, one.Err.Error())
	}
	for _, want := range []string{
		`token abcdef is in 2 contexts ("a", "b"), and was left in all of them`,
		`token for cluster m1 is in 2 contexts ("a", "b"), and was left in all of them`,
		`cluster m2 has 2 tokens ("bbbbbb", "cccccc")`,
	} {
		if !slices.Contains(texts, want) {
			t.Errorf("failures %q, want %q", texts, want)
		}
	}
	if hint := hintOf(failures.All()[1].Err); hint != "name it as CONTEXT/ID" {
		t.Errorf("hint %q", hint)
	}
	wantLeft(t, all["a"], "abcdef", 1)
	wantLeft(t, all["c"], "bbbbbb", 1)
	wantLeft(t, all["c"], "cccccc", 120)
}

func TestOfSeveralTokensForAClusterTheOneThatTheServerAcceptsIsExtended(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lastingToken("m1", -time.Minute), firstToken)
	put(t, server, lastingToken("m1", time.Minute), secondToken)
	s, _ := newSession(t, servers{"hub": server})
	_, failures, err := extending(s, session.Ref{Cluster: "m1"}).Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	wantLeft(t, server, "bbbbbb", 120)
}

func TestATokenThatMayBeExtendedIsNamed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lastingToken("", time.Minute), firstToken)
	release, kill := make(chan struct{}), make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPut, "", apitest.Do(func(*http.Request) { cancel(); close(kill) }))
	server.On(http.MethodPut, "", apitest.Hang(release))
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.Kill = kill })
	_, failures, err := extending(s, firstRef).Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, failure.Unknown, "token abcdef: may be extended: abandoned while in progress")
}

func TestALostAnswerToAnExtensionIsResolved(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lastingToken("", time.Minute), firstToken)
	server.On(http.MethodPut, "", apitest.LoseAnswer())
	s, _ := newSession(t, servers{"hub": server})
	extended, failures, err := extending(s, firstRef).Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	wantRequests(t, server, getFirst, "GET /version", "PUT "+secretsPath+"/"+firstName, getFirst)
	if len(extended) != 1 || !extended[0].IsChanged() {
		t.Errorf("extended %+v", extended)
	}
	wantLeft(t, server, "abcdef", 120)
}

func TestTheCredentialOfAnExtendedTokenIsHidden(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, lastingToken("", time.Minute), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	_, _, err := extending(s, firstRef).Run(t.Context())
	check(t, err)
	for _, secret := range []string{"MDEyMzQ1Njc4OWFiY2RlZg==", "0123456789abcdef"} {
		if shown := s.Terminal.Redact("a " + secret); strings.Contains(shown, secret) {
			t.Errorf("shown: %s", shown)
		}
	}
}
