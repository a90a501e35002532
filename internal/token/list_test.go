// SPDX-License-Identifier: Apache-2.0

package token

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// secretsForList returns the Secrets of n tokens and one Secret of another type.
func secretsForList(t *testing.T, n int) []*corev1.Secret {
	other := &corev1.Secret{Type: corev1.SecretTypeOpaque}
	other.Name = "bootstrap-token-old"
	out := []*corev1.Secret{other}
	for i := range n {
		out = append(out, Encode(mustParse(t, fmt.Sprintf("%06d.0123456789abcdef", i)), Spec{Usages: []string{Signing}}))
	}
	return out
}

// limitsAndContinues returns limit and continue of the requests for lists.
func limitsAndContinues(t *testing.T, requests []request) (out [][2]string) {
	t.Helper()
	for _, r := range requests {
		u, err := url.Parse(r.url)
		if err != nil || u.Path != secretsPath || u.Query().Get("fieldSelector") != "type=bootstrap.kubernetes.io/token" {
			t.Errorf("request: %v", r)
		}
		out = append(out, [2]string{u.Query().Get("limit"), u.Query().Get("continue")})
	}
	return out
}

func TestListReadsInChunks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tokens int
		want   [][2]string
	}{
		{0, [][2]string{{"500", ""}}},
		{500, [][2]string{{"500", ""}}},
		{1001, [][2]string{{"500", ""}, {"500", "500"}, {"500", "1000"}}},
	} {
		a := serve(t, secretsForList(t, test.tokens)...)
		found, _, err := List(t.Context(), a.client(), "")
		if err != nil || len(found) != test.tokens {
			t.Fatalf("%d tokens: got %d, %v", test.tokens, len(found), err)
		}
		for i, secret := range found {
			if want := fmt.Sprintf("bootstrap-token-%06d", i); secret.Name != want {
				t.Fatalf("%d tokens: number %d is %s", test.tokens, i, secret.Name)
			}
		}
		if got := limitsAndContinues(t, a.received("")); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%d tokens: requests %v, want %v", test.tokens, got, test.want)
		}
	}
}

func TestListStartsAgainWithoutChunksWhenTheContinueTokenExpires(t *testing.T) {
	t.Parallel()
	a := serve(t, secretsForList(t, 1001)...)
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Query().Get("continue") == "1000" {
			respondError(w, apierrors.NewResourceExpired("the continue token is too old"))
			return
		}
		serve(w, r)
	}
	found, _, err := List(t.Context(), a.client(), "")
	if err != nil || len(found) != 1001 {
		t.Fatalf("got %d, %v", len(found), err)
	}
	want := [][2]string{{"500", ""}, {"500", "500"}, {"", ""}}
	if got := limitsAndContinues(t, a.received("")); !reflect.DeepEqual(got, want) {
		t.Errorf("requests: %v, want %v", got, want)
	}
}

func TestListDoesNotRetryForever(t *testing.T) {
	t.Parallel()
	a := serve(t)
	requests := 0
	a.intercept = func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		requests++
		respondError(w, apierrors.NewResourceExpired("too old"))
	}
	if _, _, err := List(t.Context(), a.client(), ""); !apierrors.IsResourceExpired(err) || requests != 1 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

func TestListReportsARefusalWithoutAnotherRequest(t *testing.T) {
	t.Parallel()
	a := serve(t)
	requests := 0
	a.intercept = func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { requests++; respondForbidden(w, r) }
	if _, _, err := List(t.Context(), a.client(), ""); failure.ReasonOf(err) != failure.Forbidden || requests != 1 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

func TestListReturnsTheServersTime(t *testing.T) {
	t.Parallel()
	a := serve(t, secretsForList(t, 3)...)
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		w.Header().Set("Date", serverNow.Format(http.TimeFormat))
		serve(w, r)
	}
	_, now, err := List(t.Context(), a.client(), "")
	if err != nil || now.Sub(serverNow).Abs() > 2*time.Second {
		t.Errorf("got %s, %v; the server says %s", now, err, serverNow)
	}
	if got := a.received(""); len(got) != 1 {
		t.Errorf("requests: %v", got)
	}
}
