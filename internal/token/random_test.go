// SPDX-License-Identifier: Apache-2.0

package token

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// tokenSequence returns a function that returns these tokens in turn, and the number of its calls.
func tokenSequence(t *testing.T, texts ...string) (generate func() (Token, error), calls *int) {
	calls = new(int)
	return func() (Token, error) {
		*calls++
		return mustParse(t, texts[(*calls-1)%len(texts)]), nil
	}, calls
}

func TestCreateRandomTriesAnotherTokenIfTheIDExists(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	spec := Spec{Usages: []string{Signing}, Expires: serverNow.Add(time.Hour)}
	generate, calls := tokenSequence(t, "abcdef.0123456789abcdef", "abcdef.1123456789abcdef", "fedcba.0123456789abcdef")
	tok, created, err := CreateRandom(t.Context(), a.client(), generate, spec, false)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Reveal() != "fedcba.0123456789abcdef" || created.Name != "bootstrap-token-fedcba" || *calls != 3 {
		t.Errorf("got %s as %s after %d calls", tok.Reveal(), created.Name, *calls)
	}
	if stored, got, err := Decode(a.secrets["bootstrap-token-fedcba"]); err != nil || stored != tok || !got.Expires.Equal(spec.Expires) {
		t.Errorf("stored %v, %+v, %v", stored, got, err)
	}
	if got := a.secrets["bootstrap-token-abcdef"]; string(got.Data["token-secret"]) != hiddenSecret {
		t.Error("the existing token was changed")
	}
	if posts, gets := a.received(http.MethodPost), a.received(http.MethodGet); len(posts) != 3 || len(gets) != 2 {
		t.Errorf("requests: %v", a.received(""))
	}
}

func TestCreateRandomGivesUpIfEveryIDExists(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	generate, calls := tokenSequence(t, "abcdef.0123456789abcdef")
	tok, created, err := CreateRandom(t.Context(), a.client(), generate, Spec{Usages: []string{Signing}}, false)
	if err == nil || !tok.IsZero() || created != nil || *calls != 5 {
		t.Errorf("got %v, %v, %v after %d calls", tok, created, err, *calls)
	}
	if err != nil && !strings.Contains(err.Error(), "random") {
		t.Errorf("the error does not name the cause: %v", err)
	}
}

func TestCreateRandomTriesAgainForNoOtherError(t *testing.T) {
	t.Parallel()
	a := serve(t)
	a.intercept = func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { respondForbidden(w, r) }
	generate, calls := tokenSequence(t, "abcdef.0123456789abcdef")
	if _, _, err := CreateRandom(t.Context(), a.client(), generate, Spec{}, false); failure.ReasonOf(err) != failure.Forbidden || *calls != 1 {
		t.Errorf("got %v after %d calls", err, *calls)
	}
}

func TestCreateRandomFailsWithoutRandomness(t *testing.T) {
	t.Parallel()
	a := serve(t)
	broken := errors.New("no entropy")
	_, _, err := CreateRandom(t.Context(), a.client(), func() (Token, error) { return Token{}, broken }, Spec{}, false)
	if !errors.Is(err, broken) || len(a.received("")) > 0 {
		t.Errorf("got %v, requests: %v", err, a.received(""))
	}
}

// The server executes the first request and answers with an error that client-go retries by default. The token exists
// and is ours: a second one would be an orphan.
func TestCreateRandomLeavesNoOrphanIfTheServerAsksForARetry(t *testing.T) {
	t.Parallel()
	a := serve(t)
	posts := 0
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.Method == http.MethodPost {
			if posts++; posts == 1 {
				serve(httptest.NewRecorder(), r)
				respondServerTimeout(w)
				return
			}
		}
		serve(w, r)
	}
	generate, _ := tokenSequence(t, "abcdef.0123456789abcdef", "fedcba.0123456789abcdef")
	tok, _, err := CreateRandom(t.Context(), a.client(), generate, Spec{Usages: []string{Signing}}, false)
	if err != nil || tok.ID != "abcdef" || a.exists("bootstrap-token-fedcba") {
		t.Errorf("got %v, %v; a second one exists: %v", tok, err, a.exists("bootstrap-token-fedcba"))
	}
}
