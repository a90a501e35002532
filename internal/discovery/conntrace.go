// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"strings"
	"sync"
)

// A connTrace records how far a request got on its way to a server, or to the proxy in front of it.
type connTrace struct {
	mu         sync.Mutex // several dials run at the same time, and continue after the request
	lookup     bool       // DNS was asked for a name
	addresses  []string   // its answer
	remote     string     // the address that accepted the connection
	handshakes bool       // the TLS handshake began
	tls        *tls.ConnectionState
}

// hooks returns the hooks that record a request here.
func (t *connTrace) hooks() *httptrace.ClientTrace {
	do := func(f func()) {
		t.mu.Lock()
		defer t.mu.Unlock()
		f()
	}
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { do(func() { t.lookup = true }) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			do(func() {
				for _, address := range info.Addrs {
					t.addresses = append(t.addresses, address.String())
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				do(func() { t.remote = address })
			}
		},
		TLSHandshakeStart: func() { do(func() { t.handshakes = true }) },
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err == nil {
				do(func() { t.tls = &state })
			}
		},
		GotConn: func(info httptrace.GotConnInfo) { do(func() { t.reuse(info.Conn, info.Reused) }) },
	}
}

// reuse records the connection of an earlier request.
func (t *connTrace) reuse(conn net.Conn, reused bool) {
	if secured, ok := conn.(*tls.Conn); ok && reused {
		state := secured.ConnectionState()
		t.tls, t.remote, t.handshakes = &state, conn.RemoteAddr().String(), true
	}
}

// resolved describes the addresses of a name.
func resolved(hostPort string, addresses []string) string {
	if len(addresses) == 0 {
		return "no name to look up in " + hostPort
	}
	return hostPort + " is at " + strings.Join(addresses, ", ")
}
