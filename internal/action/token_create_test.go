// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// creation returns an action that creates a token which a Karmada member can join with, and delivers it.
func creation(s *session.Session) *TokenCreate {
	return &TokenCreate{
		Session: s, Spec: joining(""), Join: JoinCommandOptions{Joiner: join.Karmada},
		Deliver: func(*CreatedTokens) error { return nil },
	}
}

// withCommand makes an action return join commands too.
func withCommand(a *TokenCreate) *TokenCreate {
	a.Join.Wanted, a.Join.Wait = true, 5*time.Second
	return a
}

func mustCreate(t *testing.T, a *TokenCreate) *CreatedTokens {
	t.Helper()
	created, err := a.Run(t.Context())
	check(t, err)
	return created
}

// errClosedPipe is why tokens are not delivered.
const errClosedPipe = deliveryError("closed pipe")

type deliveryError string

func (e deliveryError) Error() string { return string(e) }

func TestTheTimeIsAskedBeforeTheTokenIsCreated(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.TTL = time.Hour
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 1)
	wantRequests(t, server, "GET /version", "POST "+secretsPath)
	tok := created.Tokens[0]
	wantStored(t, server, tok.Token.ID)
	if tok.Target.Context != "hub" || tok.Server.String() != server.URL || tok.Existed || tok.Credential() != tok.Token.Reveal() || tok.Secret.UID == "" {
		t.Errorf("created %+v", tok)
	}
}

func TestATokenThatNeverExpiresTakesOneRequest(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	created := mustCreate(t, creation(s))
	wantRequests(t, server, "POST "+secretsPath)
	if tok := created.Tokens[0]; !tok.Spec.Expires.IsZero() || len(tok.Secret.Data["expiration"]) != 0 {
		t.Errorf("created %+v", tok)
	}
}

func TestATokenExpiresByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Clock(2 * time.Hour)
	s, shown := newSession(t, servers{"hub": server})
	a := creation(s)
	a.TTL = time.Hour
	tok := mustCreate(t, a).Tokens[0]
	want := time.Now().Add(3 * time.Hour)
	if off := tok.Spec.Expires.Sub(want).Abs(); off > 10*time.Second || tok.Spec.Expires.Sub(tok.Now) != time.Hour {
		t.Errorf("expires %s, now %s, want about %s", tok.Spec.Expires, tok.Now, want)
	}
	if got := string(tok.Secret.Data["expiration"]); got != tok.Spec.Expires.Format(time.RFC3339) {
		t.Errorf("stored expiration %s", got)
	}
	wantText(t, shown.String(), "this machine's clock is", "behind the server's of context hub")
}

func TestClusterInfoIsReadBeforeTheTokenIsCreatedAndItsSignatureAfter(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	s, shown := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.TTL = time.Hour
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 1)
	wantRequests(t, server, "GET "+groupPath, "GET "+clusterInfoPath, "GET "+clusterInfoPath, "POST "+secretsPath, "GET "+clusterInfoPath)
	tok := created.Tokens[0]
	if len(created.Findings) != 0 || tok.Credential() != tok.Command.Line() {
		t.Errorf("created %+v", created)
	}
	wantText(t, tok.Command.Line(), "karmadactl register", strings.TrimPrefix(server.URL, "https://"), tok.Token.Reveal(), "sha256:")
	if strings.Contains(shown.String(), tok.Token.Secret()) {
		t.Errorf("stderr shows the token: %s", shown)
	}
}

func TestNothingIsCreatedWhereTheJoinCommandWouldNotWork(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	s, _ := newSession(t, servers{"hub": server})
	created := mustCreate(t, withCommand(creation(s)))
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.NotFound, "cluster-info")
	if count(server, http.MethodPost) != 0 || len(created.Tokens) != 0 {
		t.Errorf("created %v, requests %q", created.Tokens, server.Requests())
	}
}

func TestAServerThatIsDownDoesNotKeepTheOthersFromATokenOfTheirOwn(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"a": apitest.Down(t), "b": server})
	a := creation(s)
	a.TTL = time.Hour
	created := mustCreate(t, a)
	wantError(t, wantFailures(t, created.Failures, 1, "a")[0].Err, failure.Unreachable, "for its time")
	if len(created.Tokens) != 1 || created.Tokens[0].Target.Context != "b" {
		t.Errorf("created %v", created.Tokens)
	}
	wantStored(t, server, created.Tokens[0].Token.ID)
}

func TestASelectionThatCannotBeMadeIsAnErrorAndNothingIsDelivered(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	a := creation(s)
	a.Deliver = func(*CreatedTokens) error { t.Error("delivered"); return nil }
	created, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
	if created != nil {
		t.Errorf("created %v", created)
	}
}

func TestAGivenTokenThatExistsIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, token.Spec{Usages: []string{token.Signing, token.Authentication}, Description: "mine"}, firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Token = parse(t, "abcdef.zzzzzzzzzzzzzzzz")
	created := mustCreate(t, a)
	err := wantFailures(t, created.Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Conflict, "token abcdef exists already, and was left as it is")
	arguments := " --kubeconfig " + s.Kubeconfig + " --context hub"
	wantText(t, hintOf(err), "joinctl token command abcdef"+arguments, "joinctl token delete abcdef"+arguments)
	if left := server.Secrets(metav1.NamespaceSystem); len(left) != 1 || string(left[0].Data["description"]) != "mine" {
		t.Errorf("stored %v", left)
	}
	wantRequests(t, server, "POST "+secretsPath, getFirst)
}

func TestAnotherTokenIsDrawnWhereTheIDIsTakenAndOnlyTheStoredOneIsDeletedAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), "111111.0123456789abcdef")
	s, _ := newSession(t, servers{"hub": server}, drawing("12"))
	a := creation(s)
	a.Deliver = func(created *CreatedTokens) error {
		if len(created.Tokens) != 1 || created.Tokens[0].Token.ID != "222222" {
			t.Errorf("created %v", created.Tokens)
		}
		wantStored(t, server, "111111", "222222")
		return errClosedPipe
	}
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "token 222222 was created in context hub, could not be printed, and was deleted again")
	wantStored(t, server, "111111")
	if n := count(server, http.MethodDelete); n != 1 {
		t.Errorf("%d DELETEs", n)
	}
}

func TestTokensThatCannotBeDeliveredAreDeletedAgainAndNothingElse(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.New(t)}
	put(t, all["a"], joining(""), firstToken)
	s, _ := newSession(t, all)
	a := creation(s)
	var replacement string
	a.Deliver = func(created *CreatedTokens) error {
		other := created.Tokens[2].Secret.DeepCopy()
		other.UID, replacement = "", created.Tokens[2].Token.ID
		all["c"].Put(other)
		return errClosedPipe
	}
	created, err := a.Run(t.Context())
	if !errors.Is(err, errClosedPipe) {
		t.Errorf("error %v", err)
	}
	wantText(t, err.Error(), "2 tokens were created, could not be printed, and were deleted again", "token "+replacement+" still exists in context c")
	wantStored(t, all["a"], "abcdef")
	wantStored(t, all["b"])
	wantStored(t, all["c"], replacement)
	if len(created.Tokens) != 3 {
		t.Errorf("the result has %d tokens", len(created.Tokens))
	}
}

func TestATokenThatIsGoneAlreadyCountsAsDeletedAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Deliver = func(created *CreatedTokens) error {
		server.Remove(created.Tokens[0].Secret)
		return errClosedPipe
	}
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "was deleted again")
	wantStored(t, server)
}

func TestATokenThatIsNeitherDeliveredNorDeletedIsNamed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodDelete, anySecret, refusal())
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Token = parse(t, firstToken)
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Forbidden, "closed pipe", "token abcdef still exists in context hub")
	if want := "remove it with: joinctl token delete abcdef --kubeconfig " + s.Kubeconfig + " --context hub"; hintOf(err) != want {
		t.Errorf("hint %q, want %q", hintOf(err), want)
	}
	if strings.Contains(err.Error(), "deleted again") || strings.Contains(err.Error(), a.Token.Secret()) {
		t.Errorf("error %v", err)
	}
	wantStored(t, server, "abcdef")
}

func TestAServerDryRunStoresNothingAndHasNothingToDeleteAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.DryRun = Server
	a.Deliver = func(created *CreatedTokens) error {
		if len(created.Tokens) != 1 || !created.Tokens[0].Command.Endpoint.IsZero() {
			t.Errorf("created %+v", created.Tokens)
		}
		return errClosedPipe
	}
	_, err := a.Run(t.Context())
	if err == nil || err.Error() != "closed pipe" {
		t.Errorf("error %v", err)
	}
	wantStored(t, server)
	wantRequests(t, server, "GET "+groupPath, "GET "+clusterInfoPath, "GET "+clusterInfoPath, "POST "+secretsPath+"?dryRun=All")
}

func TestADryRunWithoutAnAnswerNamesNoToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.Refuse(apierrors.NewTimeoutError("no leader", 0)))
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.DryRun = Server
	err := wantFailures(t, mustCreate(t, a).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Timeout)
	if strings.Contains(err.Error(), "may exist") {
		t.Errorf("error %v", err)
	}
}

func TestPlanAsksNoServer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server}, drawing("112"))
	a := creation(s)
	a.TTL, a.Clusters = time.Hour, []string{"m1", "m2"}
	secrets, err := a.Plan()
	check(t, err)
	names := []string{secrets[0].Name, secrets[1].Name}
	if !slices.Equal(names, []string{"bootstrap-token-111111", "bootstrap-token-222222"}) {
		t.Errorf("planned %q", names)
	}
	for i, cluster := range a.Clusters {
		_, spec, err := token.Decode(secrets[i])
		check(t, err)
		if spec.For != cluster || spec.Description != "for "+cluster || time.Until(spec.Expires).Round(time.Minute) != time.Hour {
			t.Errorf("planned %+v", spec)
		}
	}
	wantRequests(t, server)
}

func TestPlanTakesTheGivenTokenAndNeedsRandomnessOtherwise(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, drawing(""))
	a := creation(s)
	a.Spec.Description = "mine"
	a.Token = parse(t, firstToken)
	secrets, err := a.Plan()
	check(t, err)
	if len(secrets) != 1 || secrets[0].Name != firstName || string(secrets[0].Data["description"]) != "mine" || len(secrets[0].Data["expiration"]) != 0 {
		t.Errorf("planned %v", secrets)
	}
	a.Token = token.Token{}
	if secrets, err := a.Plan(); err == nil || secrets != nil {
		t.Errorf("planned %v, %v", secrets, err)
	}
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 0, "hub")
}

func TestNothingIsSentAfterTheRunWasInterrupted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodGet, "/version", apitest.Do(func(*http.Request) { cancel() }))
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.TTL = time.Hour
	created, err := a.Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.Interrupted)
	wantRequests(t, server, "GET /version")
	wantStored(t, server)
}

func TestAnInterruptDuringTheRequestDoesNotCancelIt(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPost, secretsPath, apitest.Do(func(*http.Request) { cancel() }))
	s, _ := newSession(t, servers{"hub": server})
	created, err := creation(s).Run(ctx)
	check(t, err)
	wantFailures(t, created.Failures, 1)
	wantStored(t, server, created.Tokens[0].Token.ID)
}

func TestEveryReasonOfARefusedRequestIsReportedWithoutTheToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, refusal().Times(1))
	server.On(http.MethodPost, secretsPath, apitest.Refuse(apierrors.NewTooManyRequests("slow down", 0)).Skip(1).Times(1))
	server.On(http.MethodPost, secretsPath, apitest.Refuse(apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Secret").GroupKind(), firstName, nil)).Skip(2))
	for _, reason := range []failure.Reason{failure.Forbidden, failure.TooManyRequests, failure.Invalid} {
		s, _ := newSession(t, servers{"hub": server})
		err := wantFailures(t, mustCreate(t, creation(s)).Failures, 0, "hub")[0].Err
		wantError(t, err, reason)
		if strings.Contains(err.Error(), "may exist") {
			t.Errorf("the server refused, and the error is %v", err)
		}
	}
	wantStored(t, server)
}
