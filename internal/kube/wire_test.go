// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
		}, "too many requests", "try again in 1m"},
		"unknown name": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: resolving(t, nxdomain)}
		}, "lookup nowhere.test", "DNS does not know the name"},
		"DNS fails": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Dial: resolving(t, servfail)}
		}, "lookup nowhere.test", "the DNS server of this machine fails"},
		"504 of the API server": {func(t *testing.T) *rest.Config {
			return &rest.Config{Host: serve(t, refusing(apierrors.NewTimeoutError("etcd is slow", 0))).URL}
		}, "etcd is slow", "the API server answers"},
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

// The response codes of DNS (RFC 1035, 4.1.1).
const (
	servfail = 2
	nxdomain = 3
)

// resolving returns a dial function that asks a DNS server of its own. The server answers with a response code only.
func resolving(t *testing.T, code byte) func(context.Context, string, string) (net.Conn, error) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, client, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			query[2], query[3] = query[2]|0x80, 0x80|code // a response, with recursion
			_, _ = server.WriteTo(query[:n], client)
		}
	}()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	return (&net.Dialer{Resolver: resolver}).DialContext
}

// silentPacketPort returns a UDP address that never answers.
func silentPacketPort(t *testing.T) string {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server.LocalAddr().String()
}

func TestATimeoutSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for missing, config := range map[failure.Stage]func(*testing.T) *rest.Config{
		failure.DNS: func(t *testing.T) *rest.Config {
			silent := silentPacketPort(t)
			resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "udp", silent)
			}}
			return &rest.Config{Host: "https://nowhere.test", Dial: (&net.Dialer{Resolver: resolver}).DialContext}
		},
		failure.TCP: func(*testing.T) *rest.Config {
			return &rest.Config{Host: "https://192.0.2.1", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done() // a firewall that drops the packets
				return nil, ctx.Err()
			}}
		},
		failure.Proxy: func(t *testing.T) *rest.Config {
			return &rest.Config{Host: "https://nowhere.test", Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: silentPort(t)})}
		},
		failure.TLS: func(t *testing.T) *rest.Config { return &rest.Config{Host: "https://" + silentPort(t)} },
		failure.Answer: func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, hang)
			return config
		},
		failure.AnswerEnd: func(t *testing.T) *rest.Config {
			_, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.(http.Flusher).Flush()
				hang(w, r)
			})
			return config
		},
	} {
		t.Run(string(missing), func(t *testing.T) {
			t.Parallel()
			config := config(t)
			config.Timeout = 500 * time.Millisecond
			err := createSecret(t, connect(t, config))
			fault, ok := failure.Wire(err)
			if err == nil || failure.ReasonOf(err) != failure.Timeout || !strings.HasSuffix(err.Error(), "while waiting for "+string(missing)) || !ok || fault.Fix == "" {
				t.Errorf("got %s, %v, %+v", failure.ReasonOf(err), err, fault)
			}
			sent := missing == failure.Answer || missing == failure.AnswerEnd
			if failure.IsNotSent(err) == sent || failure.IsLost(err) != sent {
				t.Errorf("IsNotSent %v, IsLost %v", failure.IsNotSent(err), failure.IsLost(err))
			}
		})
	}
}

// A 429 was not carried out, whoever sent it, and the time that it asks for is not lost.
func TestARefusalForTooManyRequestsSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	later := localTime.Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for name, test := range map[string]struct {
		header string
		status *apierrors.StatusError // nil: the answer is a text
		again  string
	}{
		"a number, text":     {"3600", nil, "try again in 1h,"},
		"a date, text":       {later, nil, "try again in 1m30s,"},
		"a number, Status":   {"120", apierrors.NewTooManyRequests("busy", 0), "try again in 2m,"},
		"in the Status":      {"", apierrors.NewTooManyRequests("busy", 45), "try again in 45s,"},
		"no time":            {"", nil, "try again later;"},
		"no time, Status":    {"", apierrors.NewTooManyRequests("busy", 0), "try again later;"},
		"something else":     {"soon", nil, "try again later;"},
		"far beyond an int":  {"99999999999999999999", nil, "try again later;"},
		"more than a number": {"9999999999", nil, "try again in 1y,"},
	} {
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", localTime.UTC().Format(http.TimeFormat))
			if test.header != "" {
				w.Header().Set("Retry-After", test.header)
			}
			if test.status != nil {
				refuse(w, test.status)
				return
			}
			http.Error(w, "<html>busy</html>", http.StatusTooManyRequests)
		}).URL})
		for request, send := range requestsOf(c) {
			if request == "time" {
				continue // any answer tells the time
			}
			err := send(t.Context())
			fault, _ := failure.Wire(err)
			if failure.ReasonOf(err) != failure.TooManyRequests || failure.IsLost(err) || failure.IsNotSent(err) || !strings.Contains(fault.Fix, test.again) {
				t.Errorf("%s, %s: got %s, %v, %q", name, request, failure.ReasonOf(err), err, fault.Fix)
			}
		}
	}
}
