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

// lossy returns a kubeconfig for a hub behind a proxy that lets the server act on writes and then cuts the line. What
// refused says of a request is not even passed on: it is answered with 403.
func (h *hub) lossy(t testing.TB, refused func(*http.Request) bool) string {
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
	passOn := httputil.NewSingleHostReverseProxy(target)
	passOn.Transport = transport
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case refused(r):
			w.WriteHeader(http.StatusForbidden)
		case r.Method == http.MethodPost || r.Method == http.MethodDelete:
			passOn.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			passOn.ServeHTTP(w, r)
		}
	}))
	server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return h.edited(t, func(config *clientcmdapi.Config, c *clientcmdapi.Cluster) {
		c.Server, c.CertificateAuthorityData = server.URL, pemOf(server.Certificate().Raw)
	})
}

func TestALostAnswerIsResolvedByAskingTheServer(t *testing.T) {
	t.Parallel()
	h := lease(t)
	kubeconfig := h.lossy(t, func(*http.Request) bool { return false })
	tok := program.Run(t, kubeconfig, "token", "create").OK(t)
	if stored := h.tokens(t); len(stored) != 1 || !strings.HasPrefix(tok, strings.TrimPrefix(stored[0].Name, "bootstrap-token-")+".") {
		t.Errorf("printed one token, stored %d", len(stored))
	}
	program.Run(t, kubeconfig, "token", "delete", tok).OK(t)
	if left := h.tokens(t); len(left) != 0 {
		t.Errorf("%d tokens are left", len(left))
	}
}

func TestALostAnswerThatCannotBeResolvedIsUnknownAndNamed(t *testing.T) {
	t.Parallel()
	h := lease(t)
	kubeconfig := h.lossy(t, func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/secrets/")
	})
	out := program.Run(t, kubeconfig, "token", "create", "-o", "json")
	stored := h.tokens(t)
	if len(stored) != 1 {
		t.Fatalf("%d tokens are stored", len(stored))
	}
	id := strings.TrimPrefix(stored[0].Name, "bootstrap-token-")
	out.Wants(t, 1, "token "+id+" may exist", "hint: joinctl token list", "joinctl token delete "+id)
	if doc := out.Document(t); len(doc.Failures) != 1 || doc.Failures[0].Reason != "Unknown" || len(doc.Items) != 0 {
		t.Errorf("the document says %+v", doc)
	}
}

// TestASecondInterruptEndsAtOnceAndNamesWhatIsInFlight has a server that never answers a write.
func TestASecondInterruptEndsAtOnceAndNamesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	h := lease(t)
	writing := make(chan struct{}, 1)
	kubeconfig := h.lossy(t, func(r *http.Request) bool {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
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
	begin := time.Now()
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	_ = cmd.Wait()
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	out := program.Outcome{Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
	out.Wants(t, 130, "token abcdef may exist", "given up while it was under way", "joinctl token delete abcdef")
}
