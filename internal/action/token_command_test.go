// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// command returns an action that returns the join command of a token again.
func command(s *session.Session, ref session.Ref) *TokenCommand {
	return &TokenCommand{Session: s, Ref: ref, Join: JoinCommandOptions{Wanted: true, Joiner: join.Karmada, Wait: 5 * time.Second}}
}

func TestTheCommandOfATokenIsReturnedByItsName(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	put(t, server, joining("m1"), firstToken)
	s, shown := newSession(t, servers{"hub": server})
	out, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
	check(t, err)
	wantFailures(t, out.Failures, 1)
	tok := out.Tokens[0]
	wantText(t, tok.Command.Line(), "karmadactl register", firstToken, "--cluster-name m1")
	if !tok.Existed || tok.Now.IsZero() || len(out.Findings) != 0 || strings.Contains(shown.String(), "not in group") {
		t.Errorf("returned %+v, findings %v, stderr %s", tok, out.Findings, shown)
	}
	wantRequests(t, server, "GET "+secretsPath+"/"+firstName, "GET /apis/cluster.karmada.io/v1alpha1/clusters", "GET "+groupPath, "GET "+clusterInfoPath, "GET "+clusterInfoPath, "GET "+clusterInfoPath)
}

func TestTheCommandOfAClustersTokenIsReturned(t *testing.T) {
	t.Parallel()
	const expired, second = "222222.0123456789abcdef", "333333.0123456789abcdef"
	old := joining("m1")
	old.Expires = time.Now().Add(-time.Hour)
	for name, test := range map[string]struct {
		accepted, expired []string
		reason            failure.Reason
		texts             []string
	}{
		"one":                  {[]string{firstToken}, nil, "", nil},
		"none":                 {nil, nil, failure.NotFound, []string{"there is no token for cluster m1"}},
		"one and expired ones": {[]string{firstToken}, []string{expired}, "", nil},
		"several":              {[]string{firstToken, second}, nil, failure.Conflict, []string{"cluster m1 has 2 tokens", "abcdef", "333333"}},
		"only an expired one":  {nil, []string{expired}, failure.Invalid, []string{"nobody can join with token 222222: it is expired"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada, apitest.Joinable)
			put(t, server, joining("m1"), test.accepted...)
			put(t, server, old, test.expired...)
			put(t, server, joining("m2"), "444444.0123456789abcdef")
			s, _ := newSession(t, servers{"hub": server})
			out, err := command(s, session.Ref{Cluster: "m1"}).Run(t.Context())
			check(t, err)
			if test.reason == "" {
				wantFailures(t, out.Failures, 1)
				wantText(t, out.Tokens[0].Command.Line(), firstToken)
				return
			}
			wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, test.reason, test.texts...)
			if len(out.Tokens) != 0 {
				t.Errorf("returned %v", out.Tokens)
			}
		})
	}
}

func TestATokenThatNobodyCanJoinWithHasNoCommand(t *testing.T) {
	t.Parallel()
	expired, signing := joining(""), joining("")
	expired.Expires, signing.Usages = time.Now().Add(-time.Hour), []string{token.Signing}
	malformed := token.Encode(parse(t, firstToken), joining(""))
	malformed.Data["token-secret"] = []byte("short")
	for name, test := range map[string]struct {
		secret apitest.Object
		texts  []string
	}{
		"expired":   {token.Encode(parse(t, firstToken), expired), []string{"nobody can join with token abcdef: it is expired"}},
		"malformed": {malformed, []string{"nobody can join with token abcdef: it is malformed"}},
		"one usage": {token.Encode(parse(t, firstToken), signing), []string{"nobody can join with token abcdef: it is for signing only"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada, apitest.Joinable)
			server.Put(test.secret)
			s, _ := newSession(t, servers{"hub": server})
			out, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
			check(t, err)
			wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.Invalid, test.texts...)
		})
	}
}

func TestACommandIsLookedForInEveryContextThatTheReferenceCanMean(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t, apitest.Karmada, apitest.Joinable), "b": apitest.New(t, apitest.Karmada), "c": apitest.New(t)}
	all["b"].PublishClusterInfo()
	all["b"].On(http.MethodGet, clusterInfoPath, refusal().Skip(2)) // the signature cannot be looked for
	for _, server := range all {
		put(t, server, token.Spec{Usages: []string{token.Signing, token.Authentication}}, firstToken)
	}
	s, shown := newSession(t, all)
	a := command(s, session.Ref{Name: firstName})
	out, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, out.Failures, 2, "c")
	if len(out.Tokens) != 2 || len(out.Findings) != 1 {
		t.Errorf("%d tokens, findings %v", len(out.Tokens), out.Findings)
	}
	wantText(t, shown.String(), "token abcdef is not in group", `("a", "b", "c")`)

	s, _ = newSession(t, all)
	before := len(all["b"].Requests())
	out, err = command(s, session.Ref{Context: "a", Name: firstName}).Run(t.Context())
	check(t, err)
	wantFailures(t, out.Failures, 1)
	if len(out.Tokens) != 1 || len(all["b"].Requests()) != before {
		t.Errorf("%d tokens, requests %q", len(out.Tokens), all["b"].Requests())
	}
}

func TestACommandIsReturnedThoughTheWaitForTheSignatureIsInterrupted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	put(t, server, joining(""), firstToken)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodGet, clusterInfoPath, apitest.Do(func(*http.Request) { cancel() }).Skip(2))
	s, _ := newSession(t, servers{"hub": server})
	out, err := command(s, session.Ref{Name: firstName}).Run(ctx)
	check(t, err)
	interrupted := wantFailures(t, out.Failures, 0, "hub")[0].Err
	wantError(t, interrupted, failure.Interrupted, "interrupted")
	if strings.Contains(interrupted.Error(), "context canceled") {
		t.Errorf("the error is %v", interrupted)
	}
	if len(out.Tokens) != 1 {
		t.Errorf("returned %v", out.Tokens)
	}
}

func TestATokenThatCannotBeReadHasNoCommand(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodGet, secretsPath, apitest.Refuse(apierrors.NewUnauthorized("who are you")))
	for _, test := range []struct {
		ref    session.Ref
		reason failure.Reason
	}{{session.Ref{Name: firstName}, failure.NotFound}, {session.Ref{Cluster: "m1"}, failure.Unauthorized}} {
		s, _ := newSession(t, servers{"hub": server})
		out, err := command(s, test.ref).Run(t.Context())
		check(t, err)
		wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, test.reason)
	}
	s, _ := newSession(t, servers{"hub": server})
	_, err := command(s, session.Ref{Context: "other", Name: firstName}).Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}

func TestACommandOfASelectionThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	_, err := command(s, session.Ref{Cluster: "m1"}).Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}

func TestATokenHasNoCommandWhereTheControlPlaneIsNotJoinable(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	put(t, server, joining(""), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	out, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.NotFound, "cluster-info")
}
