// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// createSecret creates a Secret. Callers of this request need to know whether it was sent.
func createSecret(t *testing.T, c *Client) error {
	t.Helper()
	_, err := c.Secrets("kube-system").Create(t.Context(), &corev1.Secret{}, metav1.CreateOptions{})
	return err
}

func TestReasonOfAnAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    failure.Reason
	}{
		"401":              {refusing(apierrors.NewUnauthorized("Unauthorized")), failure.Unauthorized},
		"403":              {refusing(apierrors.NewForbidden(secretsResource, "x", errors.New("no right"))), failure.Forbidden},
		"404":              {refusing(apierrors.NewNotFound(secretsResource, "x")), failure.NotFound},
		"409 exists":       {refusing(apierrors.NewAlreadyExists(secretsResource, "x")), failure.Conflict},
		"409 changed":      {refusing(apierrors.NewConflict(secretsResource, "x", errors.New("other UID"))), failure.Conflict},
		"422":              {refusing(apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", nil)), failure.Invalid},
		"400":              {refusing(apierrors.NewBadRequest("malformed")), failure.Invalid},
		"413":              {refusing(apierrors.NewRequestEntityTooLargeError("much")), failure.Invalid},
		"405":              {refusing(apierrors.NewMethodNotSupported(secretsResource, "create")), failure.Unsupported},
		"415":              {answerHTML(http.StatusUnsupportedMediaType), failure.Unsupported},
		"406":              {answerHTML(http.StatusNotAcceptable), failure.Unsupported},
		"504":              {refusing(apierrors.NewTimeoutError("slow", 0)), failure.Timeout},
		"500 etcd timeout": {refusing(apierrors.NewServerTimeout(secretsResource, "create", 0)), failure.Timeout},
		"429":              {refusing(apierrors.NewTooManyRequests("busy", 0)), failure.TooManyRequests},
		"503":              {refusing(apierrors.NewServiceUnavailable("starting")), failure.Unreachable},
		"500":              {refusing(apierrors.NewInternalError(errors.New("panic"))), failure.Internal},
		"401 of a proxy":   {answerHTML(http.StatusUnauthorized), failure.Unauthorized},
		"403 of a proxy":   {answerHTML(http.StatusForbidden), failure.Forbidden},
		"404 of a proxy":   {answerHTML(http.StatusNotFound), failure.Unsupported}, // it proves nothing about the object
		"no answer":        {cut, failure.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := createSecret(t, connect(t, &rest.Config{Host: serve(t, test.handler).URL}))
			if got := failure.ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if wrapped := fmt.Errorf("create: %w", err); failure.ReasonOf(wrapped) != test.want {
				t.Errorf("wrapped: got %s, want %s", failure.ReasonOf(wrapped), test.want)
			}
			if failure.IsNotSent(err) {
				t.Errorf("%v: IsNotSent is true", err)
			}
		})
	}
}

// answerHTML answers as a proxy that is not an API server.
func answerHTML(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", code) }
}

func TestReasonOfAConnectionFailure(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	for name, test := range map[string]struct {
		config  func(*testing.T) *rest.Config
		want    failure.Reason
		notSent bool
	}{
		"connection refused": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + closedPort(t)}
		}, failure.Unreachable, true},
		"unknown host": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://unknown.test", Dial: failingDial(&net.DNSError{Err: "no such host", Name: "unknown.test", IsNotFound: true})}
		}, failure.Unreachable, true},
		"connect timeout": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://unknown.test", Dial: failingDial(timeoutError{})}
		}, failure.Timeout, true},
		"answer timeout": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, hang).URL, Timeout: timeout}
		}, failure.Timeout, false},
		"TLS handshake timeout": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + silentPort(t), Timeout: timeout}
		}, failure.Timeout, true},
		"answer timeout over HTTP/2": {func(t *testing.T) *rest.Config {
			server := httptest.NewUnstartedServer(http.HandlerFunc(hang))
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			return &rest.Config{Host: server.URL, Timeout: timeout, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
		}, failure.Timeout, false},
		"no TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + serve(t, hang).Listener.Addr().String()}
		}, failure.Unreachable, true},
		"certificate of another CA": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = otherCA(t)
			return config
		}, failure.Unreachable, true},
		"certificate for another name": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.ServerName = "elsewhere.test"
			return config
		}, failure.Unreachable, true},
		"certificate of an unknown CA": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = nil
			return config
		}, failure.Unreachable, true},
		"proxy connection refused": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)})
			return config
		}, failure.Unreachable, true},
		"connection closed before the answer": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, cut)
			return config
		}, failure.Unreachable, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := createSecret(t, connect(t, test.config(t)))
			if got := failure.ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if got := failure.IsNotSent(err); got != test.notSent {
				t.Errorf("%v: IsNotSent is %v, want %v", err, got, test.notSent)
			}
			if !failure.IsTransport(err) {
				t.Errorf("%v: IsTransport is false", err)
			}
		})
	}
}

func TestReasonOfACancelledContext(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, hang).URL})
	for want, cancelSoon := range map[failure.Reason]func(context.Context) (context.Context, context.CancelFunc){
		failure.Timeout: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 100*time.Millisecond)
		},
		failure.Interrupted: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := cancelSoon(t.Context())
		_, err := c.Secrets("kube-system").Get(ctx, "x", metav1.GetOptions{})
		cancel()
		if got := failure.ReasonOf(err); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}

// failingDial returns a dial function that fails as net.Dialer does.
func failingDial(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
}

// timeoutError is the operating system's error for a connect timeout.
type timeoutError struct{}

func (timeoutError) Error() string   { return "connection timed out" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// silentPort returns an address that accepts connections and never answers.
func silentPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}
