// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"sync"

	utilnet "k8s.io/apimachinery/pkg/util/net"
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

// idle is the transports of a client and of those that were made from it.
type idle struct {
	mu         sync.Mutex
	transports []http.RoundTripper
}

func (i *idle) add(transport http.RoundTripper) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.transports = append(i.transports, transport)
}

// CloseIdle closes the connections of this client and of those made from it that are not in use. They can be used
// further: that opens new ones.
func (c *Client) CloseIdle() {
	c.idle.mu.Lock()
	defer c.idle.mu.Unlock()
	for _, transport := range c.idle.transports {
		utilnet.CloseIdleConnectionsFor(transport)
	}
}
