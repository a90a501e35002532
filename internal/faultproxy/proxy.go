// SPDX-License-Identifier: Apache-2.0

// Package faultproxy is a TLS proxy in front of an API server, for tests only. It loses, repeats, delays, cuts and replaces
// what passes, as a file of rules says. The server can be a real one or that of package apitest.
package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

// A Proxy speaks HTTP/1.1 over TLS.
type Proxy struct {
	URL string
	CA  []byte // PEM

	t       testing.TB
	server  *url.URL
	through http.RoundTripper

	mu        sync.Mutex
	rules     []*rule
	exchanges []Exchange
}

// An Exchange is a request that arrived, and the size of the server's answer.
type Exchange struct {
	Request string // method and path
	Bytes   int    // of the answer with its header; 0: it was not applied
}

// New starts a proxy in front of a server, which ends with the test. The transport verifies the server, and may
// authenticate: the proxy passes the headers of its clients on, but cannot pass their certificates.
func New(t testing.TB, server string, through http.RoundTripper) *Proxy {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, server: target, through: through}
	listener := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // a client may break a handshake
	listener.TLS, p.CA = apitest.NewCertificate(t)
	listener.StartTLS()
	t.Cleanup(func() {
		listener.CloseClientConnections()
		listener.Close()
	})
	p.URL = listener.URL
	return p
}

// Rules replaces the rules, and forgets the requests. Package faultproxy has their syntax at parse.
func (p *Proxy) Rules(text string) {
	p.t.Helper()
	rules, err := parse(text)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.exchanges = rules, nil
}

// Exchanges returns the requests since Rules, in the order of their arrival.
func (p *Proxy) Exchanges() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.exchanges)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var raw []byte
	number, steps := p.receive(r)
	for _, one := range steps {
		switch one.action {
		case "apply":
			raw = p.apply(r, body, number)
		case "twice":
			p.apply(r, body, number)
			raw = p.apply(r, body, number)
		case "answer":
			raw = []byte(one.answer)
		case "delay":
			select {
			case <-r.Context().Done():
			case <-time.After(one.duration):
			}
		case "cut":
			raw = raw[:min(one.bytes, len(raw))]
		case "drop":
			p.send(w, nil)
			return
		}
	}
	p.send(w, raw)
}

// receive records a request. It returns the index of its exchange, and the steps of the first rule that is for it.
func (p *Proxy) receive(r *http.Request) (number int, steps []step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchanges = append(p.exchanges, Exchange{Request: r.Method + " " + r.URL.Path})
	for _, one := range p.rules {
		if one.matches(r) {
			return len(p.exchanges) - 1, one.steps
		}
	}
	return len(p.exchanges) - 1, []step{{action: "apply"}}
}

// answered records the size of an answer. Rules may have forgotten the exchange.
func (p *Proxy) answered(number, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number < len(p.exchanges) {
		p.exchanges[number].Bytes = bytes
	}
}

// apply sends a request to the server and returns its answer as raw HTTP. The request ends at the server also if the client
// has given up.
func (p *Proxy) apply(r *http.Request, body []byte, number int) []byte {
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.RequestURI, out.Host = "", ""
	out.URL.Scheme, out.URL.Host = p.server.Scheme, p.server.Host
	out.URL.Path = strings.TrimSuffix(p.server.Path, "/") + r.URL.Path
	out.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := p.through.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = answer.Body.Close() }()
	answer.Close = true // the proxy closes the connection, and the client must not use it again
	raw, err := httputil.DumpResponse(answer, true)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.answered(number, len(raw))
	return raw
}

// send writes raw HTTP and closes the connection. Without anything to write it resets the connection.
func (p *Proxy) send(w http.ResponseWriter, raw []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	if len(raw) > 0 {
		_, _ = conn.Write(raw)
		return
	}
	if secure, ok := conn.(*tls.Conn); ok {
		if plain, ok := secure.NetConn().(*net.TCPConn); ok {
			_ = plain.SetLinger(0) // Close sends a reset
			_ = plain.Close()
		}
	}
}
