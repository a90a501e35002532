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
	"github.com/joinctl/joinctl/internal/session"
)

func TestATokenWithALostAnswerIsLookedFor(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.LoseAnswer())
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Token = parse(t, firstToken)
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 1)
	wantRequests(t, server, "POST "+secretsPath, "GET "+secretsPath+"/"+firstName)
	wantStored(t, server, "abcdef")
	if len(created.Tokens) != 1 || created.Tokens[0].Secret.UID == "" {
		t.Errorf("created %v", created.Tokens)
	}
}

func TestATokenWithALostAnswerIsDeletedAgainIfItCannotBeDelivered(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.LoseAnswer())
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "was deleted again")
	wantStored(t, server)
}

func TestATokenThatMayExistIsNamedWithTheCommandThatRemovesIt(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.LoseAnswer())
	server.On(http.MethodGet, anySecret, refusal())
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Token = parse(t, firstToken)
	a.Deliver = func(created *CreatedTokens) error {
		err := wantFailures(t, created.Failures, 0, "hub")[0].Err
		wantError(t, err, failure.Unknown, "token abcdef may exist", "cannot be read")
		wantText(t, hintOf(err), "if it exists, remove it with: joinctl token delete abcdef --kubeconfig "+s.Kubeconfig+" --context hub")
		if strings.Contains(err.Error(), a.Token.Secret()) || len(created.Tokens) != 0 {
			t.Errorf("error %v, tokens %v", err, created.Tokens)
		}
		return nil
	}
	mustCreate(t, a)
	wantStored(t, server, "abcdef")
}

func TestATokenIsNamedIfItsRequestWasLostThoughItIsNotThereYet(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.Refuse(apierrors.NewTimeoutError("no leader", 0)))
	s, _ := newSession(t, servers{"hub": server})
	err := wantFailures(t, mustCreate(t, creation(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unknown, "may exist", "does not exist, but may still be created")
}

func TestATokenInFlightIsNamedWhenTheRunIsKilled(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	release, kill := make(chan struct{}), make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPost, secretsPath, apitest.Do(func(*http.Request) { cancel(); close(kill) }))
	server.On(http.MethodPost, secretsPath, apitest.Hang(release))
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.Kill = kill })
	a := creation(s)
	a.Token = parse(t, firstToken)
	created, err := a.Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.Unknown, "token abcdef may exist", "abandoned while in progress")
}

// Somebody else creates the token of the same text, which is valid for longer, while the request is lost.
func TestATokenThatSomebodyElseCreatesAtTheSameTimeIsNotReportedAsCreated(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	other := joining("")
	other.Expires = time.Now().Add(time.Hour)
	server.On(http.MethodPost, secretsPath, apitest.Do(func(*http.Request) { put(t, server, other, firstToken) }))
	server.On(http.MethodPost, secretsPath, apitest.LoseRequest())
	s, _ := newSession(t, servers{"hub": server})
	a := creation(s)
	a.Token = parse(t, firstToken)
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	created, err := a.Run(t.Context())
	wantText(t, err.Error(), "closed pipe")
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.Unknown, "token abcdef may exist", "another content")
	wantStored(t, server, "abcdef") // the token of somebody else is not rolled back
}
