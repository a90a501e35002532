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

// crowd returns n tokens and a Secret that is none.
func crowd(t *testing.T, n int) []*corev1.Secret {
	other := &corev1.Secret{Type: corev1.SecretTypeOpaque}
	other.Name = "bootstrap-token-old"
	out := []*corev1.Secret{other}
	for i := range n {
		out = append(out, Encode(must(t, fmt.Sprintf("%06d.0123456789abcdef", i)), Spec{Usages: []string{Signing}}))
	}
	return out
}

// chunks returns limit and continue of the lists that were asked for.
func chunks(t *testing.T, asked []request) (out [][2]string) {
	t.Helper()
	for _, r := range asked {
		u, err := url.Parse(r.url)
		if err != nil || u.Path != secretsPath || u.Query().Get("fieldSelector") != "type=bootstrap.kubernetes.io/token" {
			t.Errorf("asked %v", r)
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
		a := serve(t, crowd(t, test.tokens)...)
		found, _, err := List(t.Context(), a.client(), "")
		if err != nil || len(found) != test.tokens {
			t.Fatalf("%d tokens: got %d, %v", test.tokens, len(found), err)
		}
		for i, secret := range found {
			if want := fmt.Sprintf("bootstrap-token-%06d", i); secret.Name != want {
				t.Fatalf("%d tokens: number %d is %s", test.tokens, i, secret.Name)
			}
		}
		if got := chunks(t, a.asked("")); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%d tokens: asked %v, want %v", test.tokens, got, test.want)
		}
	}
}

func TestListBeginsAgainInOnePieceWhenTheServerGivesUpHalfWay(t *testing.T) {
	t.Parallel()
	a := serve(t, crowd(t, 1001)...)
	a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Query().Get("continue") == "1000" {
			refuse(w, apierrors.NewResourceExpired("the continue token is too old"))
			return
		}
		serve(w, r)
	}
	found, _, err := List(t.Context(), a.client(), "")
	if err != nil || len(found) != 1001 {
		t.Fatalf("got %d, %v", len(found), err)
	}
	want := [][2]string{{"500", ""}, {"500", "500"}, {"", ""}}
	if got := chunks(t, a.asked("")); !reflect.DeepEqual(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}

func TestListDoesNotBeginAgainForEver(t *testing.T) {
	t.Parallel()
	a := serve(t)
	asked := 0
	a.trouble = func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		asked++
		refuse(w, apierrors.NewResourceExpired("too old"))
	}
	if _, _, err := List(t.Context(), a.client(), ""); !apierrors.IsResourceExpired(err) || asked != 1 {
		t.Errorf("got %v after %d requests", err, asked)
	}
}

func TestListReportsARefusalAtOnce(t *testing.T) {
	t.Parallel()
	a := serve(t)
	asked := 0
	a.trouble = func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { asked++; forbid(w, r) }
	if _, _, err := List(t.Context(), a.client(), ""); failure.ReasonOf(err) != failure.Forbidden || asked != 1 {
		t.Errorf("got %v after %d requests", err, asked)
	}
}

func TestListTellsTheServersTime(t *testing.T) {
	t.Parallel()
	a := serve(t, crowd(t, 3)...)
	a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		w.Header().Set("Date", judged.Format(http.TimeFormat))
		serve(w, r)
	}
	_, now, err := List(t.Context(), a.client(), "")
	if err != nil || now.Sub(judged).Abs() > 2*time.Second {
		t.Errorf("got %s, %v; the server says %s", now, err, judged)
	}
	if asked := a.asked(""); len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
}
