// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/story"
)

// testSecret returns the Secret of a token as the client sends it.
func testSecret(t *testing.T) *corev1.Secret {
	return Encode(mustParse(t, "abcdef."+hiddenSecret), Spec{Usages: []string{Signing, Authentication}, Description: "x"})
}

func TestCreateStoresTheSecretWithOneRequest(t *testing.T) {
	t.Parallel()
	a := serve(t)
	created, err := Create(t.Context(), a.client(), testSecret(t), false)
	if err != nil {
		t.Fatal(err)
	}
	if !a.exists("bootstrap-token-abcdef") || !reflect.DeepEqual(created.Data, testSecret(t).Data) || created.UID == "" {
		t.Errorf("stored as %v", created)
	}
	if got := a.received(""); len(got) != 1 || got[0].verb != http.MethodPost || got[0].url != secretsPath {
		t.Errorf("requests: %v", got)
	}
}

func TestCreateDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	a := serve(t)
	created, err := Create(t.Context(), a.client(), testSecret(t), true)
	if err != nil || created.Name != "bootstrap-token-abcdef" {
		t.Fatalf("got %v, %v", created, err)
	}
	if got := a.received(""); a.exists(created.Name) || len(got) != 1 || got[0].url != secretsPath+"?dryRun=All" {
		t.Errorf("requests: %v, stored: %v", got, a.exists(created.Name))
	}
}

func TestCreateDoesNotChangeAnExistingToken(t *testing.T) {
	t.Parallel()
	existing := testSecret(t)
	existing.Data["description"] = []byte("the first")
	a := serve(t, existing)
	_, err := Create(t.Context(), a.client(), testSecret(t), false)
	if failure.ReasonOf(err) != failure.Conflict || !apierrors.IsAlreadyExists(err) || !strings.Contains(err.Error(), "bootstrap-token-abcdef") {
		t.Errorf("got %v (%s)", err, failure.ReasonOf(err))
	}
	if got := a.received(""); len(got) != 1 {
		t.Errorf("requests: %v", got)
	}
	if got := string(a.secrets["bootstrap-token-abcdef"].Data["description"]); got != "the first" {
		t.Errorf("it is now %q", got)
	}
}

// A server that refuses a request did not execute it, so there is nothing to resolve.
func TestCreateReportsARefusalWithoutAnotherRequest(t *testing.T) {
	t.Parallel()
	for want, apiError := range map[failure.Reason]*apierrors.StatusError{
		failure.Forbidden:       apierrors.NewForbidden(secretsResource, "", errors.New("no right")),
		failure.TooManyRequests: apierrors.NewTooManyRequests("too many requests", 0),
		failure.Unreachable:     apierrors.NewServiceUnavailable("starting"),
	} {
		a := serve(t)
		requests := 0
		a.intercept = func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			requests++
			respondError(w, apiError)
		}
		_, err := Create(t.Context(), a.client(), testSecret(t), false)
		if failure.ReasonOf(err) != want || requests != 1 {
			t.Errorf("got %v (%s) after %d requests, want %s after 1", err, failure.ReasonOf(err), requests, want)
		}
	}
}

func TestCreateResolvesALostAnswer(t *testing.T) {
	t.Parallel()
	execute := func(_ *testing.T, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		serve(httptest.NewRecorder(), r)
	}
	ignore := func(*testing.T, http.ResponseWriter, *http.Request, http.HandlerFunc) {}
	noAnswer := func(t *testing.T, w http.ResponseWriter, _ *http.Request) { dropConnection(t, w) }
	timedOut := func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { respondServerTimeout(w) }
	badGateway := func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bad gateway", http.StatusBadGateway)
	}
	forbidden := func(_ *testing.T, w http.ResponseWriter, r *http.Request) { respondForbidden(w, r) }

	for _, test := range []struct {
		name    string
		execute func(*testing.T, http.ResponseWriter, *http.Request, http.HandlerFunc)
		answer  func(*testing.T, http.ResponseWriter, *http.Request)
		get     func(*testing.T, http.ResponseWriter, *http.Request) // nil: serves the Secret
		reason  failure.Reason
		text    []string
	}{
		{"created, no answer", execute, noAnswer, nil, "", nil},
		{"created, the server timed out", execute, timedOut, nil, "", nil},
		{"created, a proxy failed", execute, badGateway, nil, "", nil},
		{"not created, no answer", ignore, noAnswer, nil, failure.Unknown, []string{"bootstrap-token-abcdef", "does not exist, but may still be created"}},
		{"not created, the server timed out", ignore, timedOut, nil, failure.Unknown, []string{"bootstrap-token-abcdef", "does not exist, but may still be created"}},
		{"created, and may not be read", execute, noAnswer, forbidden, failure.Unknown, []string{"bootstrap-token-abcdef", "cannot be read to see whether it exists"}},
		{"not created, and may not be read", ignore, noAnswer, forbidden, failure.Unknown, []string{"bootstrap-token-abcdef", "cannot be read to see whether it exists"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t)
			posts := 0
			a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				switch {
				case r.Method == http.MethodPost:
					posts++
					test.execute(t, w, r, serve)
					test.answer(t, w, r)
				case test.get != nil:
					test.get(t, w, r)
				default:
					serve(w, r)
				}
			}
			created, err := Create(t.Context(), a.client(), testSecret(t), false)
			if posts != 1 {
				t.Errorf("the request was sent %d times", posts)
			}
			if reason := failure.ReasonOf(err); reason != test.reason {
				t.Fatalf("got %v (%q), want %q", err, reason, test.reason)
			}
			if err == nil && (created == nil || created.UID != a.secrets["bootstrap-token-abcdef"].UID) {
				t.Errorf("the Secret was created, but Create returned %v", created)
			}
			for _, part := range test.text {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if err != nil && story.Leak(err.Error(), hiddenSecret) != "" {
				t.Errorf("the error shows the token secret: %v", err)
			}
		})
	}
}

// A request that was never sent created nothing, so there is nothing to resolve.
func TestCreateReportsARequestThatWasNotSent(t *testing.T) {
	t.Parallel()
	dial := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, network, _ string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
	}
	a := serve(t)
	for name, test := range map[string]struct {
		config *rest.Config
		want   failure.Reason
	}{
		"refused":              {&rest.Config{Host: a.server.URL, Dial: dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))}, failure.Unreachable},
		"connection timed out": {&rest.Config{Host: a.server.URL, Dial: dial(os.NewSyscallError("connect", syscall.ETIMEDOUT))}, failure.Timeout},
		"unknown host":         {&rest.Config{Host: a.server.URL, Dial: dial(&net.DNSError{Err: "no such host", IsNotFound: true})}, failure.Unreachable},
		"no TLS":               {&rest.Config{Host: "https://" + a.server.Listener.Addr().String()}, failure.Unreachable},
	} {
		_, err := Create(t.Context(), a.connect(test.config), testSecret(t), false)
		if got := failure.ReasonOf(err); got != test.want || strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: got %v (%s), want %s", name, err, got, test.want)
		}
	}
	if got := a.received(""); len(got) > 0 {
		t.Errorf("requests: %v", got)
	}
}

// Somebody else may have created a token with the same ID in the meantime.
func TestCreateRecognisesATokenThatSomebodyElseCreated(t *testing.T) {
	t.Parallel()
	a := serve(t, Encode(mustParse(t, "abcdef.0123456789abcdef"), Spec{Usages: []string{Signing, Authentication}, Description: "x"}))
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.Method == http.MethodPost {
			dropConnection(t, w)
			return
		}
		serve(w, r)
	}
	created, err := Create(t.Context(), a.client(), testSecret(t), false)
	if failure.ReasonOf(err) != failure.Conflict || created != nil {
		t.Errorf("got %v, %v (%s)", created, err, failure.ReasonOf(err))
	}
}

func TestCreateSendsNothingAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	a := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Create(ctx, a.client(), testSecret(t), false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := a.received(""); len(got) > 0 {
		t.Errorf("requests: %v", got)
	}
}

func TestCreateLetsARequestInFlightFinish(t *testing.T) {
	t.Parallel()
	a := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		cancel()
		serve(w, r)
	}
	created, err := Create(ctx, a.client(), testSecret(t), false)
	if err != nil || created.Name != "bootstrap-token-abcdef" || ctx.Err() == nil {
		t.Errorf("got %v, %v", created, err)
	}
}
