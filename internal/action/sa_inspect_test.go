// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// issuedBy returns a token of robot that a server issued.
func issuedBy(t *testing.T, server *apitest.Server) string {
	t.Helper()
	s, _ := newSession(t, servers{"hub": server})
	return mustRequest(t, requesting(s)).Tokens[0].Token.Reveal()
}

// inspecting returns an action that has servers review a token.
func inspecting(t *testing.T, s *session.Session, credential string) *SAInspect {
	t.Helper()
	bearer, err := ParseBearer(credential)
	check(t, err)
	return &SAInspect{Session: s, Bearer: bearer, Review: true}
}

func mustInspect(t *testing.T, a *SAInspect) *Inspections {
	t.Helper()
	found, err := a.Run(t.Context())
	check(t, err)
	return found
}

func TestABearerIsAServiceAccountTokenOrABootstrapToken(t *testing.T) {
	t.Parallel()
	bearer, err := ParseBearer(issuedBy(t, withRobot(t)))
	check(t, err)
	if bearer.Claims.Account != (satoken.Account{Namespace: "default", Name: "robot"}) || !bearer.Bootstrap.IsZero() {
		t.Errorf("bearer %+v", bearer.Claims)
	}
	bearer, err = ParseBearer(firstToken)
	check(t, err)
	if bearer.Bootstrap.ID != "abcdef" || bearer.Claims.Subject != "" {
		t.Errorf("bearer %+v", bearer.Claims)
	}
}

func TestAWordThatIsNoTokenIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"abcdef.0123456789ABCDEF", "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0", "hunter2", ""} {
		_, err := ParseBearer(word)
		if err == nil || word != "" && strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestATokenIsInspectedWithoutAServer(t *testing.T) {
	t.Parallel()
	credential := issuedBy(t, withRobot(t))
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s, _ := newSession(t, servers{"hub": apitest.Down(t)}, func(s *session.Session) { s.Now = func() time.Time { return now } })
	a := inspecting(t, s, credential)
	a.Review = false
	found := mustInspect(t, a)
	if len(found.Items) != 1 || found.Items[0].Review != nil || !found.Items[0].Now.Equal(now) || found.Failures.Any() {
		t.Errorf("found %+v", found)
	}
}

func TestATokenThatItsServerAcceptsHasNoFinding(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	credential := issuedBy(t, server)
	server.Clock(2 * time.Hour)
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, credential))
	wantFailures(t, found.Failures, 1)
	one := found.Items[0]
	if !one.Review.Accepted || one.Review.API != "TokenReview" || one.Review.User != "system:serviceaccount:default:robot" || one.Target.Context != "hub" {
		t.Errorf("review %+v", one.Review)
	}
	if !slices.Equal(one.Review.Audiences, one.Claims.Audiences) || len(found.Findings) != 0 || time.Until(one.Now) < time.Hour {
		t.Errorf("review %+v at %s, findings %v", one.Review, one.Now, found.Findings)
	}
}

func TestATokenThatAServerDoesNotAcceptIsAFinding(t *testing.T) {
	t.Parallel()
	own := withRobot(t)
	all := servers{"a": withRobot(t), "b": own, "c": apitest.Down(t), "d": apitest.Down(t)}
	s, _ := newSession(t, all)
	found := mustInspect(t, inspecting(t, s, issuedBy(t, own)))
	wantFailures(t, found.Failures, 2, "c", "d")
	if grouped := found.Failures.Errors(); len(grouped) != 1 {
		t.Errorf("failures %v", grouped)
	}
	if len(found.Items) != 2 || len(found.Findings) != 1 {
		t.Fatalf("found %+v", found)
	}
	finding, ok := errors.AsType[*CheckFailed](found.Findings[0])
	if !ok {
		t.Fatalf("finding %v", found.Findings[0])
	}
	wantText(t, finding.Text, "the server of context a does not accept the token: invalid bearer token")
	wantText(t, finding.Hint, "expired, revoked, of another control plane")
}

func TestTheReasonOfAServerDoesNotShowTheToken(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	credential := issuedBy(t, server)
	server.On(http.MethodPost, tokenReviewsPath, answering(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"error":"no such token: `+credential+`"}}`))
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, credential))
	wantText(t, found.Items[0].Review.Reason, "no such token: ")
	if text := found.Items[0].Review.Reason + found.Findings[0].Error(); strings.Contains(text, credential) {
		t.Errorf("the token is shown: %s", text)
	}
}

func TestAServerThatGivesNoReasonIsAFinding(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, tokenReviewsPath, answering(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{}}`))
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, firstToken))
	wantText(t, found.Findings[0].Error(), "does not accept the token: it gives no reason")
}

func TestATokenReviewsItselfIfTheOperatorMayNotReviewIt(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, tokenReviewsPath, refusal())
	credential := issuedBy(t, server)
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, credential))
	if review := found.Items[0].Review; !review.Accepted || review.API != "SelfSubjectReview" || len(found.Findings) != 0 {
		t.Errorf("review %+v", review)
	}
	server.On(http.MethodPost, selfReviewsPath, apitest.Refuse(apierrors.NewUnauthorized("Unauthorized")))
	found = mustInspect(t, inspecting(t, s, credential))
	if review := found.Items[0].Review; review.Accepted || len(found.Findings) != 1 {
		t.Errorf("review %+v", review)
	}
}

func TestATokenIsNotInspectedWithoutTheTimeOfTheServer(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	credential := issuedBy(t, server)
	server.On(http.MethodPost, tokenReviewsPath, undated(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":true}}`))
	server.On(http.MethodGet, "/version", apitest.Refuse(apierrors.NewUnauthorized("Unauthorized")))
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, credential))
	wantError(t, wantFailures(t, found.Failures, 0, "hub")[0].Err, failure.Unauthorized)
	if len(found.Items) != 0 {
		t.Errorf("found %v", found.Items)
	}
}

// undated makes a server answer with a JSON document and without its time.
func undated(document string) apitest.Fault {
	answer := answering(document)
	return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		w.Header()["Date"] = nil // nil: net/http adds none
		return answer.Before(w, r)
	}}
}

func TestATargetThatCannotReviewATokenIsAFailure(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, "", refusal())
	s, _ := newSession(t, servers{"hub": server})
	found := mustInspect(t, inspecting(t, s, firstToken))
	wantError(t, wantFailures(t, found.Failures, 0, "hub")[0].Err, failure.Forbidden, "review the token with a SelfSubjectReview")
	if len(found.Findings) != 0 {
		t.Errorf("findings %v", found.Findings)
	}
}

func TestASelectionThatCannotBeMadeReviewsNothing(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	_, err := inspecting(t, s, firstToken).Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}
