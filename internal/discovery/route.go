// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"strings"
	"sync"
)

// A route is how far a request came on its way to a server, or to the proxy in front of it.
type route struct {
	mu          sync.Mutex // dials to several addresses go on at once, even after the request is over
	looking     bool       // a name had to be looked up
	addresses   []string   // that it has
	remote      string     // the address that took the connection
	handshaking bool
	tls         *tls.ConnectionState // nil: none yet
}

// trace returns what makes a request's context leave its route here.
func (r *route) trace() *httptrace.ClientTrace {
	do := func(f func()) {
		r.mu.Lock()
		defer r.mu.Unlock()
		f()
	}
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { do(func() { r.looking = true }) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			do(func() {
				for _, address := range info.Addrs {
					r.addresses = append(r.addresses, address.String())
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				do(func() { r.remote = address })
			}
		},
		TLSHandshakeStart: func() { do(func() { r.handshaking = true }) },
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err == nil {
				do(func() { r.tls = &state })
			}
		},
		GotConn: func(info httptrace.GotConnInfo) { do(func() { r.reuse(info.Conn, info.Reused) }) },
	}
}

// reuse takes over what a connection from an earlier request knows.
func (r *route) reuse(conn net.Conn, reused bool) {
	if secured, ok := conn.(*tls.Conn); ok && reused {
		state := secured.ConnectionState()
		r.tls, r.remote, r.handshaking = &state, conn.RemoteAddr().String(), true
	}
}

// resolved tells the addresses of a name.
func resolved(hostPort string, addresses []string) string {
	if len(addresses) == 0 {
		return "no name to look up in " + hostPort
	}
	return hostPort + " is at " + strings.Join(addresses, ", ")
}
