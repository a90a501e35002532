// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// An endpoint may be in the members' network only: then the pins come over the administrator's connection.
func TestVerifyTakesAChosenEndpointThatIsOutOfReach(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{"nobody listens": closedPort, "nobody answers": blackHole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "inside.test")
			p.config.ServerName = "inside.test" // of no use to the chosen endpoint, and needed for the way round
			chosen := endpoint(t, address(t))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			finding, err := Verify(ctx, p.admin(), join.Karmada, chosen)
			if err != nil || ctx.Err() != nil {
				t.Fatalf("got %v, in time: %v", err, ctx.Err() == nil)
			}
			if finding.Endpoint != chosen || !reflect.DeepEqual(finding.Pins, []join.Pin{join.PinOf(p.ca.cert)}) {
				t.Errorf("found %s with %v", finding.Endpoint.HostPort(), finding.Pins)
			}
			if !told(finding.Warnings, chosen.HostPort(), "cannot be reached from this machine", "not verified") {
				t.Errorf("it warns of %q", finding.Warnings)
			}
			anonymous := visit{path: infoPath}
			if got := p.visits(infoPath); !reflect.DeepEqual(got, []visit{anonymous, anonymous}) {
				t.Errorf("cluster-info is read by %+v, want twice by nobody", got)
			}
		})
	}
}

func TestVerifyOfAControlPlaneOutOfReachFailsInTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address func(*testing.T) string
		reason  failure.Reason
	}{"nobody listens": {closedPort, failure.Unreachable}, "nobody answers": {blackHole, failure.Timeout}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			p.config.Host = "https://" + test.address(t)
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second) // a second more than it may take
			defer cancel()
			finding, err := Verify(ctx, p.admin(), join.Karmada, join.Endpoint{})
			if finding != nil && len(finding.Pins) > 0 || ctx.Err() != nil {
				t.Errorf("got %v, in time: %v", finding, ctx.Err() == nil)
			}
			refused(t, err, test.reason, "", "")
		})
	}
}

// Behind the administrator's proxy this machine may not see the server itself; members may.
func TestVerifyWarnsWhereOnlyTheProxyReachesTheServer(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	server := endpoint(t, closedPort(t))
	p.config.Host = "https://" + server.HostPort()
	p.config.Proxy = http.ProxyURL(proxy(t, p.server.Listener.Addr().String()))
	finding, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	if finding.Endpoint != server || len(finding.Pins) != 1 || !told(finding.Warnings, server.HostPort(), "cannot be reached") {
		t.Errorf("found %+v", finding)
	}
}

func TestVerifyEndsWithTheRun(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	ctx, cancel := context.WithCancel(t.Context())
	p.handle[infoPath] = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	finding, err := Verify(ctx, p.admin(), join.Karmada, p.endpoint())
	if finding != nil && len(finding.Pins) > 0 || failure.ReasonOf(err) != failure.Interrupted {
		t.Errorf("got %v, %v (%s)", finding, err, failure.ReasonOf(err))
	}
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

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

// plainServer returns the address of a server without TLS.
func plainServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// proxy starts an HTTP proxy that connects everybody to one address.
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
