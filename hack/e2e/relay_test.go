// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// A relay passes TCP connections on, so that a server is reached at another address.
type relay struct {
	addr        string
	connections atomic.Int32
}

// forward listens on an address and passes every connection on to another.
func forward(t testing.TB, from, to string) *relay {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &relay{addr: listener.Addr().String()}
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			r.connections.Add(1)
			out, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				in.Close()
				return
			}
			pipe(in, out)
		}
	}()
	return r
}

// pipe passes on what two connections say, until one of them ends.
func pipe(a, b net.Conn) {
	go func() { _, _ = io.Copy(a, b); a.Close() }()
	go func() { _, _ = io.Copy(b, a); b.Close() }()
}
