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

// draws returns a source of given tokens, and how many were taken from it.
func draws(t *testing.T, texts ...string) (next func() (Token, error), taken *int) {
	taken = new(int)
	return func() (Token, error) {
		*taken++
		return must(t, texts[(*taken-1)%len(texts)]), nil
	}, taken
}

func TestDrawDrawsAgainWhenTheIDIsTaken(t *testing.T) {
	t.Parallel()
	taken := sample(t)
	a := serve(t, taken)
	spec := Spec{Usages: []string{Signing}, Expires: judged.Add(time.Hour)}
	next, drawn := draws(t, "abcdef.0123456789abcdef", "abcdef.1123456789abcdef", "fedcba.0123456789abcdef")
	tok, made, err := CreateRandom(t.Context(), a.client(), next, spec, false)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Reveal() != "fedcba.0123456789abcdef" || made.Name != "bootstrap-token-fedcba" || *drawn != 3 {
		t.Errorf("got %s as %s after %d draws", tok.Reveal(), made.Name, *drawn)
	}
	if stored, got, err := Decode(a.secrets["bootstrap-token-fedcba"]); err != nil || stored != tok || !got.Expires.Equal(spec.Expires) {
		t.Errorf("stored %v, %+v, %v", stored, got, err)
	}
	if got := a.secrets["bootstrap-token-abcdef"]; string(got.Data["token-secret"]) != hiddenSecret {
		t.Error("the token that had the ID was changed")
	}
	if asked := a.asked(""); len(asked) != 3 {
		t.Errorf("asked %v", asked)
	}
}

func TestDrawEndsWhenEveryIDIsTaken(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	next, drawn := draws(t, "abcdef.0123456789abcdef")
	tok, made, err := CreateRandom(t.Context(), a.client(), next, Spec{Usages: []string{Signing}}, false)
	if err == nil || !tok.IsZero() || made != nil || *drawn != 5 {
		t.Errorf("got %v, %v, %v after %d draws", tok, made, err, *drawn)
	}
	if err != nil && !strings.Contains(err.Error(), "random") {
		t.Errorf("it does not say what is wrong: %v", err)
	}
}

func TestDrawDoesNotDrawAgainForAnyOtherReason(t *testing.T) {
	t.Parallel()
	a := serve(t)
	a.trouble = func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { forbid(w, r) }
	next, drawn := draws(t, "abcdef.0123456789abcdef")
	if _, _, err := CreateRandom(t.Context(), a.client(), next, Spec{}, false); failure.ReasonOf(err) != failure.Forbidden || *drawn != 1 {
		t.Errorf("got %v after %d draws", err, *drawn)
	}
}

func TestDrawFailsWithoutRandomness(t *testing.T) {
	t.Parallel()
	a := serve(t)
	broken := errors.New("no entropy")
	_, _, err := CreateRandom(t.Context(), a.client(), func() (Token, error) { return Token{}, broken }, Spec{}, false)
	if !errors.Is(err, broken) || len(a.asked("")) > 0 {
		t.Errorf("got %v, asked %v", err, a.asked(""))
	}
}

// The server acted on the first request and lost its answer in a way in which client-go asks again by itself: the
// token that is there is ours, and a second one would be an orphan.
func TestDrawDoesNotLeaveAnOrphanWhereTheServerAsksToTryAgain(t *testing.T) {
	t.Parallel()
	a := serve(t)
	posts := 0
	a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.Method == http.MethodPost {
			if posts++; posts == 1 {
				serve(httptest.NewRecorder(), r)
				busy(w)
				return
			}
		}
		serve(w, r)
	}
	next, _ := draws(t, "abcdef.0123456789abcdef", "fedcba.0123456789abcdef")
	tok, _, err := CreateRandom(t.Context(), a.client(), next, Spec{Usages: []string{Signing}}, false)
	if err != nil || tok.ID != "abcdef" || a.holds("bootstrap-token-fedcba") {
		t.Errorf("got %v, %v; a second one exists: %v", tok, err, a.holds("bootstrap-token-fedcba"))
	}
}
