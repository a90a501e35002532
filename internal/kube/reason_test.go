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
		want    Reason
	}{
		"401":              {refusing(apierrors.NewUnauthorized("who are you")), Unauthorized},
		"403":              {refusing(apierrors.NewForbidden(secretsResource, "x", errors.New("no right"))), Forbidden},
		"404":              {refusing(apierrors.NewNotFound(secretsResource, "x")), NotFound},
		"409 exists":       {refusing(apierrors.NewAlreadyExists(secretsResource, "x")), Conflict},
		"409 changed":      {refusing(apierrors.NewConflict(secretsResource, "x", errors.New("other UID"))), Conflict},
		"422":              {refusing(apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", nil)), Invalid},
		"400":              {refusing(apierrors.NewBadRequest("what")), Invalid},
		"413":              {refusing(apierrors.NewRequestEntityTooLargeError("much")), Invalid},
		"405":              {refusing(apierrors.NewMethodNotSupported(secretsResource, "create")), Unsupported},
		"415":              {plain(http.StatusUnsupportedMediaType), Unsupported},
		"406":              {plain(http.StatusNotAcceptable), Unsupported},
		"504":              {refusing(apierrors.NewTimeoutError("slow", 0)), Timeout},
		"500 etcd is slow": {refusing(apierrors.NewServerTimeout(secretsResource, "create", 0)), Timeout},
		"429":              {refusing(apierrors.NewTooManyRequests("busy", 0)), Timeout},
		"503":              {refusing(apierrors.NewServiceUnavailable("starting")), Unreachable},
		"500":              {refusing(apierrors.NewInternalError(errors.New("panic"))), Internal},
		"401 of a proxy":   {plain(http.StatusUnauthorized), Unauthorized},
		"403 of a proxy":   {plain(http.StatusForbidden), Forbidden},
		"404 of a proxy":   {plain(http.StatusNotFound), NotFound},
		"no answer at all": {cut, Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := post(t, connect(t, &rest.Config{Host: serve(t, test.handler).URL}))
			if got := ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if wrapped := fmt.Errorf("create: %w", err); ReasonOf(wrapped) != test.want {
				t.Errorf("wrapped: got %s, want %s", ReasonOf(wrapped), test.want)
			}
			if IsUnsent(err) {
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
		want   Reason
		unsent bool
	}{
		"nobody listens": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + closedPort(t)}
		}, Unreachable, true},
		"the name is unknown": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: failingDial(&net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true})}
		}, Unreachable, true},
		"connecting takes too long": {func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: failingDial(timeoutError{})}
		}, Timeout, true},
		"no answer in time": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, hang).URL, Timeout: soon}
		}, Timeout, false},
		"no TLS in time": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + blackHole(t), Timeout: soon}
		}, Timeout, true},
		"no answer in time over HTTP/2": {func(t *testing.T) *rest.Config {
			server := httptest.NewUnstartedServer(http.HandlerFunc(hang))
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			return &rest.Config{Host: server.URL, Timeout: soon, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
		}, Timeout, false},
		"the server speaks no TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + serve(t, hang).Listener.Addr().String()}
		}, Unreachable, true},
		"another CA signed its certificate": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = otherCA(t)
			return config
		}, Unreachable, true},
		"its certificate is for another name": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.ServerName = "elsewhere.test"
			return config
		}, Unreachable, true},
		"its certificate is not trusted at all": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.CAData = nil
			return config
		}, Unreachable, true},
		"the proxy does not listen": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			config.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)})
			return config
		}, Unreachable, true},
		"the connection ends before an answer": {func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, cut)
			return config
		}, Unreachable, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := post(t, connect(t, test.config(t)))
			if got := ReasonOf(err); got != test.want {
				t.Errorf("%v: got %s, want %s", err, got, test.want)
			}
			if got := IsUnsent(err); got != test.unsent {
				t.Errorf("%v: unsent is %v, want %v", err, got, test.unsent)
			}
			if !IsTransport(err) {
				t.Errorf("%v: it does not count as the connection's", err)
			}
		})
	}
}

func TestReasonOfTheEndOfARun(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, hang).URL})
	for want, end := range map[Reason]func(context.Context) (context.Context, context.CancelFunc){
		Timeout: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 100*time.Millisecond)
		},
		Interrupted: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		_, err := c.Secrets("kube-system").Get(ctx, "x", metav1.GetOptions{})
		cancel()
		if got := ReasonOf(err); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}

func TestReasonOfWhatWeKnowBetter(t *testing.T) {
	t.Parallel()
	forbidden := apierrors.NewForbidden(secretsResource, "x", errors.New("no right"))
	for _, test := range []struct {
		err  error
		want Reason
	}{
		{nil, ""},
		{errors.New("boom"), Internal},
		{&ConfigError{Err: errors.New("no context")}, Invalid},
		{&Error{Reason: Unknown, Err: forbidden}, Unknown},
		{fmt.Errorf("create: %w", &Error{Reason: Unknown, Err: forbidden}), Unknown},
		{&Error{Err: forbidden, Hint: "ask"}, Forbidden},
		{&Error{Err: &Error{Reason: Conflict, Err: forbidden}, Hint: "ask"}, Conflict},
		{errors.Join(errors.New("boom"), forbidden), Forbidden},
		{context.Canceled, Interrupted},
		{context.DeadlineExceeded, Timeout},
	} {
		if got := ReasonOf(test.err); got != test.want {
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
