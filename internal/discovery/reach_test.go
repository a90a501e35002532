// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// An endpoint may be reachable only in the members' network: whoever knows that says --no-verify.
func TestVerifyRefusesAChosenEndpointThatIsUnreachable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address func(*testing.T) string
		reason  failure.Reason
	}{"nobody listens": {closedPort, failure.Unreachable}, "nobody answers": {blackHole, failure.Timeout}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "inside.test")
			p.config.ServerName, p.config.Timeout = "inside.test", time.Second // does not apply to the chosen endpoint; the administrator's connection needs it
			chosen := endpoint(t, test.address(t))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			result, err := Verify(ctx, p.admin(), join.Karmada, chosen)
			if result != nil && len(result.Pins) > 0 || ctx.Err() != nil {
				t.Errorf("got %v, in time: %v", result, ctx.Err() == nil)
			}
			refused(t, err, test.reason, chosen.HostPort()+" cannot be reached from this machine", "--no-verify")
		})
	}
}

func TestVerifyOfAnUnreachableControlPlaneFailsInTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address func(*testing.T) string
		reason  failure.Reason
	}{"nobody listens": {closedPort, failure.Unreachable}, "nobody answers": {blackHole, failure.Timeout}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			p.config.Host, p.config.Timeout = "https://"+test.address(t), time.Second
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			result, err := Verify(ctx, p.admin(), join.Karmada, join.Endpoint{})
			if result != nil && len(result.Pins) > 0 || ctx.Err() != nil {
				t.Errorf("got %v, in time: %v", result, ctx.Err() == nil)
			}
			refused(t, err, test.reason, "", "")
		})
	}
}

// With a proxy, this machine may not reach the server itself, and members have no such proxy.
func TestVerifyRefusesAServerThatOnlyTheProxyReaches(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	server := endpoint(t, closedPort(t))
	p.config.Host = "https://" + server.HostPort()
	p.config.Proxy = http.ProxyURL(proxy(t, p.server.Listener.Addr().String()))
	result, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	if result != nil && len(result.Pins) > 0 {
		t.Errorf("found %+v", result)
	}
	refused(t, err, failure.Unreachable, server.HostPort()+" cannot be reached", "--no-verify")
}

func TestVerifyEndsWhenTheRunIsInterrupted(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	ctx, cancel := context.WithCancel(t.Context())
	p.handle[infoPath] = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	result, err := Verify(ctx, p.admin(), join.Karmada, p.endpoint())
	if result != nil && len(result.Pins) > 0 || failure.ReasonOf(err) != failure.Interrupted {
		t.Errorf("got %v, %v (%s)", result, err, failure.ReasonOf(err))
	}
}

// closedPort returns an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// blackHole returns an address that accepts connections and never answers.
func blackHole(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// plainServer returns the address of a server without TLS.
func plainServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// proxy starts an HTTP proxy that connects every client to one address.
func proxy(t *testing.T, to string) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", to)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
