// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// resendOnce returns a transport that sends a read at most twice. If a connection that was used before is closed, net/http
// sends a read again over the next idle connection, until a new one fails (net/http, persistConn.shouldRetryRequest): a client
// that has many idle connections sends it on each. Without idle connections, the second time is over a new one.
func resendOnce(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		var connections atomic.Int64
		trace := &httptrace.ClientTrace{GetConn: func(string) {
			if connections.Add(1) > 1 {
				utilnet.CloseIdleConnectionsFor(next)
			}
		}}
		return next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	}}
}
