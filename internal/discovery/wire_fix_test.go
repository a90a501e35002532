// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// What happened on the wire has one fix, whoever reports it.
func TestCheckTakesItsFixesFromTheTableOfTheWire(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address func(*testing.T) string
		step    string
	}{
		"refused":            {closedPort, stepTCP},
		"closed before TLS":  {closing, stepTLS},
		"silent, before TLS": {blackHole, stepTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := endpoint(t, test.address(t))
			member := Member{UserAgent: "joinctl/test", Now: time.Now}
			var got Step
			for _, step := range member.Replay(t.Context(), join.Attempt{Command: join.Command{Joiner: join.Karmada, Endpoint: endpoint}}) {
				if step.Status == Failed && got.Name == "" {
					got = step
				}
			}
			c, err := kube.NewUnverified("https://"+endpoint.HostPort(), "joinctl/test", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = c.ConfigMap(ctx, "kube-public", "cluster-info")
			fault, ok := failure.Wire(err)
			if !ok || got.Name != test.step || got.Fix != fault.Fix || !strings.Contains(got.Cause, fault.Text) {
				t.Errorf("check says %+v, and the table %+v of %v", got, fault, err)
			}
		})
	}
}

// closing returns an address that closes every connection, as a load balancer without a healthy server does.
func closing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}
