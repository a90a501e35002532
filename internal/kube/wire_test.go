// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// accepting returns an address at which a function gets every connection.
func accepting(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestWhatHappenedOnTheWireIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html>log in</html>")
	}
	busy := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "busy", http.StatusTooManyRequests)
	}
	for name, test := range map[string]struct {
		config func(*testing.T) *rest.Config
		text   string
		fix    string
	}{
		"closed before TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + accepting(t, func(net.Conn) {})}
		}, "the connection was closed before TLS", "load balancer"},
		"reset before TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + accepting(t, func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) })}
		}, "the connection was closed before TLS", "load balancer"},
		"closed after the request": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, cut).URL}
		}, "the connection was closed without an answer", "restart"},
		"refused": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + closedPort(t)}
		}, "connection refused", "nothing listens"},
		"http to a TLS port": {func(t *testing.T) *rest.Config {
			server, _ := serveTLS(t, hang)
			return &rest.Config{Host: "http://" + server.Listener.Addr().String()}
		}, "the server speaks TLS", "write https://"},
		"https to a port without TLS": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://" + serve(t, hang).Listener.Addr().String()}
		}, "HTTP response to HTTPS client", "does not speak TLS"},
		"login page": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, page).URL}
		}, "a web page was the answer", "log in"},
		"line break in a token": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, hang).URL, BearerToken: "a\nb"}
		}, "line break", "one line"},
		"429 with a long Retry-After": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, busy).URL}
		}, "too many requests", "try again later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := test.config(t)
			config.Timeout = 5 * time.Second
			begin := time.Now()
			_, err := connect(t, config).Secrets("kube-system").Get(t.Context(), "x", metav1.GetOptions{})
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want %q", err, test.text)
			}
			if fault, ok := failure.Wire(err); !ok || !strings.Contains(fault.Fix, test.fix) {
				t.Errorf("got %+v", fault)
			}
			if elapsed := time.Since(begin); elapsed > 2*time.Second {
				t.Errorf("it took %s", elapsed)
			}
		})
	}
}
