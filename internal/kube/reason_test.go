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

// post creates a Secret: of all requests the one of which one has to know whether it was sent.
func post(t *testing.T, c *Client) error {
	t.Helper()
	_, err := c.Secrets("kube-system").Create(t.Context(), &corev1.Secret{}, metav1.CreateOptions{})
	return err
}

func TestReasonOfWhatTheServerSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    failure.Reason
	}{
		"401":              {refusing(apierrors.NewUnauthorized("who are you")), failure.Unauthorized},
		"403":              {refusing(apierrors.NewForbidden(secretsResource, "x", errors.New("no right"))), failure.Forbidden},
		"404":              {refusing(apierrors.NewNotFound(secretsResource, "x")), failure.NotFound},
		"409 exists":       {refusing(apierrors.NewAlreadyExists(secretsResource, "x")), failure.Conflict},
		"409 changed":      {refusing(apierrors.NewConflict(secretsResource, "x", errors.New("other UID"))), failure.Conflict},
		"422":              {refusing(apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", nil)), failure.Invalid},
		"400":              {refusing(apierrors.NewBadRequest("what")), failure.Invalid},
		"413":              {refusing(apierrors.NewRequestEntityTooLargeError("much")), failure.Invalid},
		"405":              {refusing(apierrors.NewMethodNotSupported(secretsResource, "create")), failure.Unsupported},
		"415":              {plain(http.StatusUnsupportedMediaType), failure.Unsupported},
		"406":              {plain(http.StatusNotAcceptable), failure.Unsupported},
		"504":              {refusing(apierrors.NewTimeoutError("slow", 0)), failure.Timeout},
		"500 etcd is slow": {refusing(apierrors.NewServerTimeout(secretsResource, "create", 0)), failure.Timeout},
		"429":              {refusing(apierrors.NewTooManyRequests("busy", 0)), failure.Timeout},
		"503":              {refusing(apierrors.NewServiceUnavailable("starting")), failure.Unreachable},
		"500":              {refusing(apierrors.NewInternalError(errors.New("panic"))), failure.Internal},
		"401 of a proxy":   {plain(http.StatusUnauthorized), failure.Unauthorized},
		"403 of a proxy":   {plain(http.StatusForbidden), failure.Forbidden},
		"404 of a proxy":   {plain(http.StatusNotFound), failure.NotFound},
		"no answer at all": {cut, failure.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := post(t, connect(t, &rest.Config{Host: serve(t, test.handler).URL}))
			if got := failure.ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if wrapped := fmt.Errorf("create: %w", err); failure.ReasonOf(wrapped) != test.want {
				t.Errorf("wrapped: got %s, want %s", failure.ReasonOf(wrapped), test.want)
			}
			if failure.IsNotSent(err) {
				t.Errorf("%v: it counts as unsent", err)
			}
		})
	}
}

// plain answers as something that is no API server.
func plain(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", code) }
}

func TestReasonOfAConnectionThatFails(t *testing.T) {
	t.Parallel()
	const soon = 300 * time.Millisecond
	for name, test := range map[string]struct {
		config func(*testing.T) *rest.Config
		want   failure.Reason
		unsent bool
	}{
		"nobody listens": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + closedPort(t)}
		}, failure.Unreachable, true},
		"the name is unknown": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: failingDial(&net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true})}
		}, failure.Unreachable, true},
		"connecting takes too long": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: failingDial(timeoutError{})}
		}, failure.Timeout, true},
		"no answer in time": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, hang).URL, Timeout: soon}
		}, failure.Timeout, false},
		"no TLS in time": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + blackHole(t), Timeout: soon}
		}, failure.Timeout, true},
		"no answer in time over HTTP/2": {func(t *testing.T) *rest.Config {
			server := httptest.NewUnstartedServer(http.HandlerFunc(hang))
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			return &rest.Config{Host: server.URL, Timeout: soon, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
		}, failure.Timeout, false},
		"the server speaks no TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + serve(t, hang).Listener.Addr().String()}
		}, failure.Unreachable, true},
		"another CA signed its certificate": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = otherCA(t)
			return config
		}, failure.Unreachable, true},
		"its certificate is for another name": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.ServerName = "elsewhere.test"
			return config
		}, failure.Unreachable, true},
		"its certificate is not trusted at all": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = nil
			return config
		}, failure.Unreachable, true},
		"the proxy does not listen": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)})
			return config
		}, failure.Unreachable, true},
		"the connection ends before an answer": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, cut)
			return config
		}, failure.Unreachable, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := post(t, connect(t, test.config(t)))
			if got := failure.ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if got := failure.IsNotSent(err); got != test.unsent {
				t.Errorf("%v: unsent is %v, want %v", err, got, test.unsent)
			}
			if !failure.IsTransport(err) {
				t.Errorf("%v: it does not count as the connection's", err)
			}
		})
	}
}

func TestReasonOfTheEndOfARun(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, hang).URL})
	for want, end := range map[failure.Reason]func(context.Context) (context.Context, context.CancelFunc){
		failure.Timeout: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 100*time.Millisecond)
		},
		failure.Interrupted: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		_, err := c.Secrets("kube-system").Get(ctx, "x", metav1.GetOptions{})
		cancel()
		if got := failure.ReasonOf(err); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}

func TestReasonOfWhatWeKnowBetter(t *testing.T) {
	t.Parallel()
	forbidden := apierrors.NewForbidden(secretsResource, "x", errors.New("no right"))
	for _, test := range []struct {
		err  error
		want failure.Reason
	}{
		{nil, ""},
		{errors.New("boom"), failure.Internal},
		{&failure.ConfigError{Err: errors.New("no context")}, failure.Invalid},
		{&failure.Error{Reason: failure.Unknown, Err: forbidden}, failure.Unknown},
		{fmt.Errorf("create: %w", &failure.Error{Reason: failure.Unknown, Err: forbidden}), failure.Unknown},
		{&failure.Error{Err: forbidden, Hint: "ask"}, failure.Forbidden},
		{&failure.Error{Err: &failure.Error{Reason: failure.Conflict, Err: forbidden}, Hint: "ask"}, failure.Conflict},
		{errors.Join(errors.New("boom"), forbidden), failure.Forbidden},
		{context.Canceled, failure.Interrupted},
		{context.DeadlineExceeded, failure.Timeout},
	} {
		if got := failure.ReasonOf(test.err); got != test.want {
			t.Errorf("%v: got %s, want %s", test.err, got, test.want)
		}
	}
}

// failingDial returns a dialer as net.Dialer is where it fails.
func failingDial(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
}

// timeoutError is what the operating system says after it tried to connect long enough.
type timeoutError struct{}

func (timeoutError) Error() string   { return "connection timed out" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// blackHole returns an address at which connections are taken and nothing else happens.
func blackHole(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}
