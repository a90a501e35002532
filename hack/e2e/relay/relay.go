// SPDX-License-Identifier: Apache-2.0

// Package relay passes TCP connections on, so that a server is reached at an address that it does not know.
package relay

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// A Relay passes TCP connections on.
type Relay struct {
	Addr        string       // where it listens
	Connections atomic.Int32 // that were made to it
}

// Forward listens on an address and passes every connection on to another, until the test ends.
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

// Pipe passes on what two connections say, until one of them ends.
func Pipe(a, b net.Conn) {
	go func() { _, _ = io.Copy(a, b); a.Close() }()
	go func() { _, _ = io.Copy(b, a); b.Close() }()
}
