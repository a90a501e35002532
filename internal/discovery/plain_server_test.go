// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/joinctl/joinctl/internal/join"
)

// kubeadm continues at cluster-info's server with its token: without TLS everybody on the way reads it.
func TestTheTokenIsNeverSentWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, pinned := range []bool{true, false} {
		var requests atomic.Int64
		plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
		t.Cleanup(plain.Close)
		p := build(t, "127.0.0.1")
		for _, server := range []string{plain.URL, strings.Replace(plain.URL, "http", "HTTP", 1)} {
			attempt := withServer(t, p, server, join.Kubeadm)
			if attempt.SkipCA = !pinned; !pinned {
				attempt.Pins = nil
			}
			steps := replayed(t, attempt)
			if step := steps[stepServer]; step.Status != Failed || !strings.Contains(step.Cause, "without TLS") || !strings.Contains(step.Fix, "https://") {
				t.Errorf("pinned: %v: %+v", pinned, step)
			}
			if step := steps[stepAuthentication]; step.Status != Skipped {
				t.Errorf("pinned: %v: %+v", pinned, step)
			}
		}
		if requests.Load() > 0 {
			t.Errorf("pinned: %v: %d requests were sent without TLS", pinned, requests.Load())
		}
	}
}
