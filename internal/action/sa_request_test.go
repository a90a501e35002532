// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// requesting returns an action that requests a token of robot and delivers it.
func requesting(s *session.Session) *SAToken {
	return &SAToken{
		RequestOptions: RequestOptions{Session: s, Name: "robot"},
		Deliver:        func(*IssuedTokens) error { return nil },
	}
}

// revocable returns an action that requests a revocable token of robot and delivers it.
func revocable(s *session.Session) *SAToken {
	a := requesting(s)
	a.Revocable = true
	return a
}

func mustRequest(t *testing.T, a *SAToken) *IssuedTokens {
	t.Helper()
	issued, err := a.Run(t.Context())
	check(t, err)
	return issued
}

// revokeRobot is the command that revokes the token of robot in context hub.
func revokeRobot(s *session.Session) string {
	return "joinctl sa revoke " + robotSecret + " -n default --kubeconfig " + s.Kubeconfig + " --context hub"
}

func TestAServiceAccountTokenTakesOneRequest(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, shown := newSession(t, servers{"hub": server})
	a := requesting(s)
	a.Spec = satoken.Spec{Audiences: []string{"vault"}, Lifetime: 2 * time.Hour}
	issued := mustRequest(t, a)
	wantFailures(t, issued.Failures, 1)
	wantRequests(t, server, requestRobotToken)
	one := issued.Tokens[0]
	if one.Target.Context != "hub" || one.IssuedBy != one.Target || one.Server.String() != server.URL || !one.Revocation.IsZero() {
		t.Errorf("issued %+v", one)
	}
	if one.Account != (satoken.Account{Namespace: "default", Name: "robot"}) || one.Token.Lifetime() != 2*time.Hour || one.Token.Claims.Audiences[0] != "vault" {
		t.Errorf("issued a token of %s for %s: %+v", one.Account, one.Token.Lifetime(), one.Token.Claims)
	}
	if shown.String() != "" {
		t.Errorf("stderr: %s", shown)
	}
}

func TestARevocableTokenIsBoundToASecretThatRecordsItsExpiration(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a := revocable(s)
	issued := mustRequest(t, a)
	wantFailures(t, issued.Failures, 1)
	wantRequests(t, server, createSecret, requestRobotToken, recordExpiration)
	wantSecrets(t, server, robotSecret)
	one, stored := issued.Tokens[0], server.Secrets("default")[0]
	if want := (satoken.BoundObject{Kind: satoken.Secret, Name: robotSecret, UID: string(stored.UID)}); len(one.Token.Claims.Bound) != 1 || one.Token.Claims.Bound[0] != want {
		t.Errorf("bound to %v, want %v", one.Token.Claims.Bound, want)
	}
	if one.Revocation.Name != robotSecret || !one.Revocation.Expires.Equal(one.Token.Expires()) || one.Revocation.Account != one.Account {
		t.Errorf("revocation %+v of a token that expires at %s", one.Revocation, one.Token.Expires())
	}
	if got := stored.Annotations["joinctl.io/expires"]; got != one.Token.Expires().Format(time.RFC3339) {
		t.Errorf("recorded expiration %q", got)
	}
	if got := a.RevokeCommand(one, one.Revocation.Name); got != revokeRobot(s) {
		t.Errorf("revoke command %s", got)
	}
}

func TestATokenIsRequestedInTheNamespaceThatIsMeant(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	account := robot()
	account.Namespace = "ci"
	server.Put(account)
	s, _ := newSession(t, servers{"hub": server}, fixedNames, func(s *session.Session) { s.Overrides.Context.Namespace = "ci" })
	a := revocable(s)
	one := mustRequest(t, a).Tokens[0]
	if one.Account.Namespace != "ci" || len(server.Secrets("ci")) != 1 {
		t.Errorf("issued %+v after %q", one, server.Requests())
	}
	wantText(t, a.RevokeCommand(one, robotSecret), robotSecret+" -n ci ")
}

func TestATokenThatExpiresTooEarlyIsAFindingAndItsSecretIsDeleted(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a := revocable(s)
	a.MinGranted = 2 * time.Hour
	issued := mustRequest(t, a)
	wantFailures(t, issued.Failures, 1)
	if len(issued.Tokens) != 0 || len(issued.Findings) != 1 {
		t.Fatalf("issued %+v", issued)
	}
	finding, ok := errors.AsType[*CheckFailed](issued.Findings[0])
	if !ok {
		t.Fatalf("finding %v", issued.Findings[0])
	}
	wantText(t, finding.Text, "context hub grants a token of serviceaccount default/robot for", "less than --min-granted", "it was discarded")
	wantText(t, finding.Hint, "--service-account-max-token-expiration")
	wantRequests(t, server, createSecret, requestRobotToken, deleteRobotSecret)
	wantSecrets(t, server)
}

func TestATokenWithAWarningIsDiscardedOnlyIfWarningsAreErrors(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		server := withRobot(t)
		server.Warn("robot is deprecated")
		s, shown := newSession(t, servers{"hub": server}, fixedNames)
		a := revocable(s)
		a.WarningsAsErrors = strict
		issued := mustRequest(t, a)
		if !strict {
			wantFailures(t, issued.Failures, 1)
			wantText(t, shown.String(), "the server of context hub says: robot is deprecated")
			wantSecrets(t, server, robotSecret)
			continue
		}
		err := wantFailures(t, issued.Failures, 0, "hub")[0].Err
		wantText(t, err.Error(), "the server warned (1): robot is deprecated")
		wantHint(t, err, "the token was discarded", "without --warnings-as-errors")
		wantRequests(t, server, createSecret, requestRobotToken, deleteRobotSecret)
		wantSecrets(t, server)
	}
}

func TestWithoutWarningsATokenIsIssuedThoughTheyWouldBeErrors(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)})
	a := requesting(s)
	a.WarningsAsErrors = true
	wantFailures(t, mustRequest(t, a).Failures, 1)
}

func TestARefusedTokenRequestKeepsItsHintAndItsSecretIsDeleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  func(*apitest.Server)
		reason failure.Reason
		hint   string
	}{
		"missing": {
			func(s *apitest.Server) { s.Remove(robot()) },
			failure.NotFound, "kubectl get serviceaccounts -n default",
		},
		"forbidden": {
			func(s *apitest.Server) { s.On(http.MethodPost, robotTokenPath, refusal()) },
			failure.Forbidden, "the verb create on serviceaccounts/token in namespace default",
		},
	} {
		server := withRobot(t)
		test.fault(server)
		s, _ := newSession(t, servers{"hub": server}, fixedNames)
		err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
		t.Log(name)
		wantError(t, err, test.reason, "request a token of serviceaccount default/robot")
		wantHint(t, err, test.hint)
		wantRequests(t, server, createSecret, requestRobotToken, deleteRobotSecret)
		wantSecrets(t, server)
	}
}

func TestNoTokenIsRequestedIfItsSecretIsRefused(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, defaultSecrets, refusal())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Forbidden, "create secret default/"+robotSecret)
	wantHint(t, err, "the verb create on secrets in namespace default")
	wantRequests(t, server, createSecret)
}

func TestASecretWithALostAnswerIsDeleted(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, defaultSecrets, apitest.LoseAnswer())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unreachable, "create secret default/"+robotSecret)
	wantRequests(t, server, createSecret, deleteRobotSecret)
	wantSecrets(t, server)
}

func TestASecretThatMayExistIsNamedWithTheCommandThatRevokesItsToken(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, defaultSecrets, apitest.LoseAnswer())
	server.On(http.MethodDelete, anyDefaultSecret, refusal())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unknown, "secret default/"+robotSecret+" may exist", "the answer was lost")
	wantHint(t, err, "if it exists, remove it with: "+revokeRobot(s))
	wantSecrets(t, server, robotSecret)
}

func TestATokenWithAnExpirationThatCannotBeRecordedIsRevoked(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPut, anyDefaultSecret, refusal())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	issued := mustRequest(t, revocable(s))
	err := wantFailures(t, issued.Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Forbidden, "record the expiration of the token on secret default/"+robotSecret)
	wantHint(t, err, "the verb update on secrets in namespace default")
	wantRequests(t, server, createSecret, requestRobotToken, recordExpiration, deleteRobotSecret)
	wantSecrets(t, server)
	if len(issued.Tokens) != 0 {
		t.Errorf("issued %v", issued.Tokens)
	}
}

func TestASecretThatCannotBeDeletedIsNamedWithTheCommandThatRevokesItsToken(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPut, anyDefaultSecret, apitest.LoseRequest())
	server.On(http.MethodDelete, anyDefaultSecret, refusal())
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantText(t, err.Error(), "record the expiration", "secret default/"+robotSecret+" still exists in context hub", "not allowed")
	wantHint(t, err, "remove it with: "+revokeRobot(s))
	wantSecrets(t, server, robotSecret)
}

func TestAnInterruptedTokenRequestDeletesItsSecret(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPost, robotTokenPath, apitest.Do(func(*http.Request) { cancel() }))
	server.On(http.MethodPost, robotTokenPath, apitest.Hang(nil))
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	issued, err := revocable(s).Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, issued.Failures, 0, "hub")[0].Err, failure.Interrupted, "request a token")
	wantRequests(t, server, createSecret, requestRobotToken, deleteRobotSecret)
	wantSecrets(t, server)
}

func TestASecretThatIsCreatedWhenTheRunIsKilledIsNamed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{defaultSecrets, robotTokenPath} {
		server := withRobot(t)
		release, kill := make(chan struct{}), make(chan struct{})
		defer close(release)
		server.On(http.MethodPost, path, apitest.Do(func(*http.Request) { close(kill) }).Times(1))
		server.On(http.MethodPost, path, apitest.Hang(release))
		s, _ := newSession(t, servers{"hub": server}, fixedNames, func(s *session.Session) { s.Kill = kill })
		failed := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
		wantError(t, failed, failure.Unknown, "secret default/"+robotSecret+" may exist", "abandoned while in progress")
		wantHint(t, failed, "if it exists, remove it with: "+revokeRobot(s))
	}
}

func TestAnAnswerWithoutATokenIsAFailureAndItsSecretIsDeleted(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, robotTokenPath, answering(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest"}`))
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantText(t, err.Error(), "the server's response has no token")
	wantSecrets(t, server)
}

func TestWithoutRandomnessNothingIsSent(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.Rand = strings.NewReader("") })
	wantText(t, wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err.Error(), "generate a name")
	wantRequests(t, server)
}

func TestASecretThatDoesNotExistIsNotNamed(t *testing.T) {
	t.Parallel()
	timeout := apitest.Refuse(apierrors.NewTimeoutError("no leader", 0))
	for name, test := range map[string]struct {
		path     string
		fault    apitest.Fault
		reason   failure.Reason
		text     string
		requests []string
	}{
		"it was refused": {
			defaultSecrets, apitest.Refuse(apierrors.NewTooManyRequests("slow down", 0)), failure.TooManyRequests, "slow down",
			[]string{createSecret},
		},
		"it was deleted after a timeout":             {defaultSecrets, timeout.AfterApply(), failure.Timeout, "no leader", []string{createSecret, deleteRobotSecret}},
		"it was deleted since the request timed out": {robotTokenPath, timeout, failure.Timeout, "no leader", []string{createSecret, requestRobotToken, deleteRobotSecret}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := withRobot(t)
			server.On(http.MethodPost, test.path, test.fault)
			s, _ := newSession(t, servers{"hub": server}, fixedNames)
			err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
			wantError(t, err, test.reason, test.text)
			if strings.Contains(err.Error(), "may exist") {
				t.Errorf("a secret that does not exist is named: %v", err)
			}
			wantRequests(t, server, test.requests...)
			wantSecrets(t, server)
		})
	}
}

func TestASecretOfAMemberWithALostAnswerIsDeleted(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.On(http.MethodPost, defaultSecrets, apitest.LoseAnswer())
	s, _ := newSession(t, servers{"hub": hub}, fixedNames, ofMembers("m1"))
	err := wantFailures(t, mustRequest(t, revocable(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unreachable, "the control plane cannot reach member m1")
	wantRequests(t, member, createSecret, deleteRobotSecret)
	wantSecrets(t, member)
}

// answering makes a server answer with a JSON document.
func answering(document string) apitest.Fault {
	return apitest.Fault{Before: func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(document))
		return true
	}}
}
