// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A roundTripper does something about each request that passes through a transport. It can be unwrapped, as
// client-go's own can.
type roundTripper struct {
	next http.RoundTripper
	trip func(*http.Request) (*http.Response, error)
}

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r.trip(req) }

// WrappedRoundTripper implements utilnet.RoundTripperWrapper.
func (r roundTripper) WrappedRoundTripper() http.RoundTripper { return r.next }

// A dialFunc is a net.Dialer's DialContext.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// connectionTracker is the open connections of a client and of those that were made from it. net/http closes those that are idle,
// and an HTTP/2 connection is not yet idle when its last answer has been read.
type connectionTracker struct {
	mu    sync.Mutex
	conns []net.Conn
}

// through returns a dialer that remembers what it has dialled. nil stands for client-go's own
// (k8s.io/client-go/transport/cache.go).
func (l *connectionTracker) through(dial dialFunc) dialFunc {
	if dial == nil {
		const patience = 30 * time.Second
		dial = (&net.Dialer{Timeout: patience, KeepAlive: patience}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.conns = append(l.conns, conn)
		}
		return conn, err
	}
}

// Close closes all connections of this client and of those that were made from it. They can be used further: that
// opens new ones.
func (c *Client) Close() {
	c.tracker.mu.Lock()
	defer c.tracker.mu.Unlock()
	for _, conn := range c.tracker.conns {
		_ = conn.Close()
	}
	c.tracker.conns = nil
}
