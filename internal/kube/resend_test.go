// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// A server that resets connections gets a read once on a connection that was used before, and once on a new one.
func TestAReadIsSentAtMostTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		idle int // connections that were used before
		most int64
	}{"new client": {0, 1}, "one idle connection": {1, 2}, "many idle connections": {16, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var resets atomic.Int64
			var all sync.WaitGroup
			all.Add(test.idle)
			server, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/version" { // all at the same time, so that each needs a connection
					all.Done()
					all.Wait()
					version(w, r)
					return
				}
				resets.Add(1)
				reset(w)
			})
			config.BearerToken = "token"
			c := connect(t, config)
			var warm sync.WaitGroup
			for range test.idle {
				warm.Go(func() {
					if _, err := c.Version(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			warm.Wait()
			begin := time.Now()
			_, err := c.Secrets("kube-system").Get(t.Context(), "x", metav1.GetOptions{})
			if err == nil || !strings.Contains(err.Error(), "the connection was closed without an answer") {
				t.Errorf("%s: got %v", server.URL, err)
			}
			if got := resets.Load(); got > test.most || got == 0 {
				t.Errorf("it was sent %d times, want at most %d", got, test.most)
			}
			if elapsed := time.Since(begin); elapsed > 2*time.Second {
				t.Errorf("it took %s", elapsed)
			}
		})
	}
}

// reset ends the connection by a TCP reset, without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = over.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// A write is sent once: only the server knows whether it was carried out.
func TestAWriteIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for name := range map[string]bool{"POST": true, "PUT": true, "DELETE": true} {
		var resets atomic.Int64
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/version" {
				version(w, r)
				return
			}
			resets.Add(1)
			reset(w)
		}).URL})
		if _, err := c.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := requestsOf(c)[name](t.Context()); err == nil || resets.Load() != 1 {
			t.Errorf("%s: sent %d times, %v", name, resets.Load(), err)
		}
	}
}
