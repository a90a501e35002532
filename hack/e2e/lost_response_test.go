// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// lossyKubeconfig returns a kubeconfig that leads through a proxy to the hub. The proxy forwards writes and closes the
// connection without a response. It answers 403 to requests for which forbidden returns true.
func (h *hub) lossyKubeconfig(t testing.TB, forbidden func(*http.Request) bool) string {
	t.Helper()
	config, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	reverseProxy := httputil.NewSingleHostReverseProxy(target)
	reverseProxy.Transport = transport
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case forbidden(r):
			w.WriteHeader(http.StatusForbidden)
		case r.Method == http.MethodPost || r.Method == http.MethodDelete:
			reverseProxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			reverseProxy.ServeHTTP(w, r)
		}
	}))
	server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return h.editedKubeconfig(t, func(config *clientcmdapi.Config, c *clientcmdapi.Cluster) {
		c.Server, c.CertificateAuthorityData = server.URL, encodeCertificate(server.Certificate().Raw)
	})
}

func TestLostResponseIsResolvedByAskingTheServer(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	kubeconfig := h.lossyKubeconfig(t, func(*http.Request) bool { return false })
	tok := program.Run(t, kubeconfig, "token", "create").OK(t)
	if stored := h.tokens(t); len(stored) != 1 || !strings.HasPrefix(tok, strings.TrimPrefix(stored[0].Name, "bootstrap-token-")+".") {
		t.Errorf("printed one token, stored %d", len(stored))
	}
	program.Run(t, kubeconfig, "token", "delete", tok).OK(t)
	if remaining := h.tokens(t); len(remaining) != 0 {
		t.Errorf("%d tokens remain", len(remaining))
	}
}

func TestUnresolvedLostResponseIsUnknownAndNamesTheToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	kubeconfig := h.lossyKubeconfig(t, func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/secrets/")
	})
	out := program.Run(t, kubeconfig, "token", "create", "-o", "json")
	stored := h.tokens(t)
	if len(stored) != 1 {
		t.Fatalf("%d tokens are stored", len(stored))
	}
	id := strings.TrimPrefix(stored[0].Name, "bootstrap-token-")
	out.Expect(t, 1, "token "+id+" may exist", "hint: if it exists, remove it with: joinctl token delete "+id)
	if doc := out.Document(t); len(doc.Failures) != 1 || doc.Failures[0].Reason != "Unknown" || len(doc.Items) != 0 {
		t.Errorf("the document is %+v", doc)
	}
}

// TestSecondInterruptExitsAtOnceAndNamesTheTokenInFlight uses a server that never answers a write.
func TestSecondInterruptExitsAtOnceAndNamesTheTokenInFlight(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	writing := make(chan struct{}, 1)
	kubeconfig := h.lossyKubeconfig(t, func(r *http.Request) bool {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body) // the server detects a closed connection only after it has read the body
			writing <- struct{}{}
			<-r.Context().Done()
		}
		return false
	})
	cmd := program.Command(t, kubeconfig, "token", "create", "abcdef.0123456789abcdef")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-writing
	started := time.Now()
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // an earlier signal repeats the first
	}
	_ = cmd.Wait()
	if elapsed := time.Since(started); elapsed > 4*time.Second {
		t.Errorf("the exit took %s", elapsed)
	}
	out := program.Result{Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
	out.Expect(t, 130, "token abcdef may exist", "abandoned while in progress", "joinctl token delete abcdef")
}
