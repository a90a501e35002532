// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/joinctl/joinctl/internal/join"
)

// The token goes to the server that was identified, and to no host that it names.
func TestReplayFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		joiner join.Joiner
		path   string
		after  int64 // answers to the path before the redirect
		step   string
		status Status
	}{
		"first read":    {join.Karmada, infoPath, 0, stepClusterInfo, Failed},
		"verified read": {join.Karmada, infoPath, 1, stepVerifiedRead, Failed},
		"server":        {join.Kubeadm, infoPath, 2, stepServer, Failed},
		"user":          {join.Karmada, whoPath, 0, stepAuthentication, Failed},
		"request":       {join.Karmada, csrPath, 0, stepCSR, Failed},
		"object":        {join.Kubeadm, "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", 0, "kubeadm-config", Failed},
		"right":         {join.Karmada, mayPath, 1, stepApproval, Warning}, // the joiner does not ask
		"API group":     {join.Karmada, groupPath, 0, "karmada-api", Warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, start := range []func(http.Handler) *httptest.Server{httptest.NewServer, httptest.NewTLSServer} {
				var requests, answers atomic.Int64
				elsewhere := start(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
				t.Cleanup(elsewhere.Close)
				p := build(t, "127.0.0.1")
				attempt := welcome(t, p)
				attempt.Joiner = test.joiner
				usual := p.handle[test.path]
				p.handle[test.path] = func(w http.ResponseWriter, r *http.Request) {
					if answers.Add(1) <= test.after {
						usual(w, r)
						return
					}
					http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
				}
				step := replayed(t, attempt)[test.step]
				if step.Status != test.status || !strings.Contains(step.Cause, "a redirect to "+elsewhere.URL) {
					t.Errorf("%+v", step)
				}
				if requests.Load() > 0 {
					t.Errorf("%d requests went to the other host", requests.Load())
				}
			}
		})
	}
}

// Before a pin or the signature proves its identity, a server is not read without a bound, packed or not.
func TestReplayReadsNoEndlessAnswerOfAnUnverifiedServer(t *testing.T) {
	t.Parallel()
	const bound, block = 4 << 20, 1 << 20
	for _, packed := range []bool{false, true} {
		var sent atomic.Int64
		p := build(t, "127.0.0.1")
		attempt := welcome(t, p)
		p.handle[infoPath] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			write := w.Write
			if packed {
				w.Header().Set("Content-Encoding", "gzip")
				write = gzip.NewWriter(w).Write
			}
			_, err := write([]byte(`{"kind":"`))
			for text := bytes.Repeat([]byte("a"), block); err == nil && sent.Load() < 1<<30; sent.Add(block) {
				_, err = write(text)
			}
		}
		step := replayed(t, attempt)[stepClusterInfo]
		if step.Status != Failed || !strings.Contains(step.Cause, "is larger than 4 MiB") {
			t.Errorf("packed: %v: %+v", packed, step)
		}
		if !packed && sent.Load() > bound+(16<<20) {
			t.Errorf("%d MiB were sent", sent.Load()>>20)
		}
	}
}
