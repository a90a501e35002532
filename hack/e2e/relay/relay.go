// SPDX-License-Identifier: Apache-2.0

// Package relay forwards TCP connections, so that tests reach a server at an address that is not in its certificate.
package relay

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// A Relay forwards TCP connections to one address.
type Relay struct {
	Addr        string       // listen address, host:port
	Connections atomic.Int32 // number of accepted connections
}

// Forward listens on an address and forwards every connection to another address until the test ends.
func Forward(t testing.TB, from, to string) *Relay {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &Relay{Addr: listener.Addr().String()}
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			r.Connections.Add(1)
			out, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				in.Close()
				return
			}
			Pipe(in, out)
		}
	}()
	return r
}

// Pipe copies bytes between two connections in both directions until one of them closes.
func Pipe(a, b net.Conn) {
	go func() { _, _ = io.Copy(a, b); a.Close() }()
	go func() { _, _ = io.Copy(b, a); b.Close() }()
}
