// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/connrotation"

	"github.com/joinctl/joinctl/internal/failure"
)

// A roundTripper adds behaviour to another http.RoundTripper.
type roundTripper struct {
	next      http.RoundTripper
	roundTrip func(*http.Request) (*http.Response, error)
}

// RoundTrip implements http.RoundTripper.
func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r.roundTrip(req) }

// WrappedRoundTripper implements utilnet.RoundTripperWrapper.
func (r roundTripper) WrappedRoundTripper() http.RoundTripper { return r.next }

// httpClient returns the HTTP client for a connection. All requests of this package go through one: none follows a
// redirect, sends a read more than twice, or reads an answer without a bound.
func httpClient(config *rest.Config) (*http.Client, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	guarded := *client // it may be http.DefaultClient
	guarded.Transport = refuseWebPages(refuseRedirects(noteRetryAfter(boundAnswers(config, resendOnce(client.Transport)))))
	return &guarded, nil
}

// trackDial returns a dial function that tracks its connections. nil stands for client-go's default
// (k8s.io/client-go/transport/cache.go).
func trackDial(dial connrotation.DialFunc, connections *connrotation.ConnectionTracker) connrotation.DialFunc {
	if dial == nil {
		const timeout = 30 * time.Second
		dial = (&net.Dialer{Timeout: timeout, KeepAlive: timeout}).DialContext
	}
	return connrotation.NewDialerWithTracker(dial, connections).DialContext
}

// warningCode is the code of the Warning header that Kubernetes uses (k8s.io/apimachinery/pkg/util/net/http.go).
const warningCode = 299

// maxWarnings is how many different warnings of a server are collected.
const maxWarnings = 100

// warnings collects the warnings of a server, each text once.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text = failure.Cut(text)
	if code == warningCode && text != "" && len(w.texts) < maxWarnings && !slices.Contains(w.texts, text) {
		w.texts = append(w.texts, text)
	}
}

// take returns the collected warnings and forgets them.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}
