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

// sample returns a token's Secret as it is sent.
func sample(t *testing.T) *corev1.Secret {
	return Encode(must(t, "abcdef."+hiddenSecret), Spec{Usages: []string{Signing, Authentication}, Description: "x"})
}

func TestCreateStoresTheSecretWithOneRequest(t *testing.T) {
	t.Parallel()
	a := serve(t)
	made, err := Create(t.Context(), a.client(), sample(t), false)
	if err != nil {
		t.Fatal(err)
	}
	if !a.holds("bootstrap-token-abcdef") || !reflect.DeepEqual(made.Data, sample(t).Data) || made.UID == "" {
		t.Errorf("stored as %v", made)
	}
	if asked := a.asked(""); len(asked) != 1 || asked[0].verb != http.MethodPost || asked[0].url != secretsPath {
		t.Errorf("asked %v", asked)
	}
}

func TestCreateDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	a := serve(t)
	made, err := Create(t.Context(), a.client(), sample(t), true)
	if err != nil || made.Name != "bootstrap-token-abcdef" {
		t.Fatalf("got %v, %v", made, err)
	}
	if asked := a.asked(""); a.holds(made.Name) || len(asked) != 1 || asked[0].url != secretsPath+"?dryRun=All" {
		t.Errorf("asked %v, stored: %v", asked, a.holds(made.Name))
	}
}

func TestCreateLeavesATokenThatExistsAsItIs(t *testing.T) {
	t.Parallel()
	older := sample(t)
	older.Data["description"] = []byte("the first")
	a := serve(t, older)
	_, err := Create(t.Context(), a.client(), sample(t), false)
	if failure.ReasonOf(err) != failure.Conflict || !apierrors.IsAlreadyExists(err) || !strings.Contains(err.Error(), "bootstrap-token-abcdef") {
		t.Errorf("got %v (%s)", err, failure.ReasonOf(err))
	}
	if asked := a.asked(""); len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
	if got := string(a.secrets["bootstrap-token-abcdef"].Data["description"]); got != "the first" {
		t.Errorf("it is now %q", got)
	}
}

// A server that refuses did not act, so there is nothing to ask: one that is too busy would not like the question.
func TestCreateReportsARefusalAtOnce(t *testing.T) {
	t.Parallel()
	for want, refusal := range map[failure.Reason]*apierrors.StatusError{
		failure.Forbidden:   apierrors.NewForbidden(secretsResource, "", errors.New("no right")),
		failure.Timeout:     apierrors.NewTooManyRequests("too many requests", 0),
		failure.Unreachable: apierrors.NewServiceUnavailable("starting"),
	} {
		a := serve(t)
		asked := 0
		a.trouble = func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { asked++; refuse(w, refusal) }
		_, err := Create(t.Context(), a.client(), sample(t), false)
		if failure.ReasonOf(err) != want || asked != 1 {
			t.Errorf("got %v (%s) after %d requests, want %s after 1", err, failure.ReasonOf(err), asked, want)
		}
	}
}

func TestCreateFindsOutWhatBecameOfARequestWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	act := func(_ *testing.T, w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		serve(httptest.NewRecorder(), r)
	}
	ignore := func(*testing.T, http.ResponseWriter, *http.Request, http.HandlerFunc) {}
	silence := func(t *testing.T, w http.ResponseWriter, _ *http.Request) { cut(t, w) }
	busy := func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { busy(w) }
	broken := func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bad gateway", http.StatusBadGateway)
	}
	deny := func(_ *testing.T, w http.ResponseWriter, r *http.Request) { forbid(w, r) }

	for _, test := range []struct {
		name   string
		act    func(*testing.T, http.ResponseWriter, *http.Request, http.HandlerFunc)
		answer func(*testing.T, http.ResponseWriter, *http.Request)
		get    func(*testing.T, http.ResponseWriter, *http.Request) // nil: truthful
		reason failure.Reason
		says   []string
	}{
		{"it was made, no answer", act, silence, nil, "", nil},
		{"it was made, the server timed out", act, busy, nil, "", nil},
		{"it was made, a proxy broke", act, broken, nil, "", nil},
		{"it was not made, no answer", ignore, silence, nil, failure.Unreachable, []string{"bootstrap-token-abcdef", "does not exist"}},
		{"it was not made, the server timed out", ignore, busy, nil, failure.Timeout, []string{"bootstrap-token-abcdef", "does not exist"}},
		{"it was made, and may not be looked at", act, silence, deny, failure.Unknown, []string{"bootstrap-token-abcdef", "cannot be told"}},
		{"it was not made, and may not be looked at", ignore, silence, deny, failure.Unknown, []string{"bootstrap-token-abcdef", "cannot be told"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t)
			posts := 0
			a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				switch {
				case r.Method == http.MethodPost:
					posts++
					test.act(t, w, r, serve)
					test.answer(t, w, r)
				case test.get != nil:
					test.get(t, w, r)
				default:
					serve(w, r)
				}
			}
			made, err := Create(t.Context(), a.client(), sample(t), false)
			if posts != 1 {
				t.Errorf("it was sent %d times", posts)
			}
			if reason := failure.ReasonOf(err); reason != test.reason {
				t.Fatalf("got %v (%q), want %q", err, reason, test.reason)
			}
			if err == nil && (made == nil || made.UID != a.secrets["bootstrap-token-abcdef"].UID) {
				t.Errorf("it was made, and returned as %v", made)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if err != nil && story.Leak(err.Error(), hiddenSecret) != "" {
				t.Errorf("it shows the secret: %v", err)
			}
		})
	}
}

// What never left this machine did not make a token, and there is nothing to ask anybody.
func TestCreateDoesNotTakeARequestThatWasNeverSentForALostOne(t *testing.T) {
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
		"refused":             {&rest.Config{Host: a.server.URL, Dial: dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))}, failure.Unreachable},
		"no connection, late": {&rest.Config{Host: a.server.URL, Dial: dial(os.NewSyscallError("connect", syscall.ETIMEDOUT))}, failure.Timeout},
		"no such name":        {&rest.Config{Host: a.server.URL, Dial: dial(&net.DNSError{Err: "no such host", IsNotFound: true})}, failure.Unreachable},
		"no TLS":              {&rest.Config{Host: "https://" + a.server.Listener.Addr().String()}, failure.Unreachable},
	} {
		_, err := Create(t.Context(), a.connect(test.config), sample(t), false)
		if got := failure.ReasonOf(err); got != test.want || strings.Contains(err.Error(), "cannot be told") {
			t.Errorf("%s: got %v (%s), want %s", name, err, got, test.want)
		}
	}
	if asked := a.asked(""); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

// A second token of the same ID may have been made in the meantime: it must not be taken for ours.
func TestCreateDoesNotTakeAnothersTokenForItsOwn(t *testing.T) {
	t.Parallel()
	a := serve(t, Encode(must(t, "abcdef.0123456789abcdef"), Spec{Usages: []string{Signing, Authentication}, Description: "x"}))
	a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.Method == http.MethodPost {
			cut(t, w)
			return
		}
		serve(w, r)
	}
	made, err := Create(t.Context(), a.client(), sample(t), false)
	if failure.ReasonOf(err) != failure.Conflict || made != nil {
		t.Errorf("got %v, %v (%s)", made, err, failure.ReasonOf(err))
	}
}

func TestCreateSendsNothingOnceTheRunIsInterrupted(t *testing.T) {
	t.Parallel()
	a := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Create(ctx, a.client(), sample(t), false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if asked := a.asked(""); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestCreateIsSeenThroughOnceItIsSent(t *testing.T) {
	t.Parallel()
	a := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		cancel()
		serve(w, r)
	}
	made, err := Create(ctx, a.client(), sample(t), false)
	if err != nil || made.Name != "bootstrap-token-abcdef" || ctx.Err() == nil {
		t.Errorf("got %v, %v", made, err)
	}
}
