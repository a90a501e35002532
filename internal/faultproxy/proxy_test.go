// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAProxyDoesToRequestsWhatItsRulesSay(t *testing.T) {
	t.Parallel()
	var applied atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		applied.Add(1)
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write([]byte(r.Header.Get("Authorization") + string(body)))
	}))
	t.Cleanup(server.Close)
	proxy := New(t, server.URL, server.Client().Transport)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(proxy.CA)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for _, test := range []struct {
		rules   string
		applied int32
		body    string
		broken  bool // the answer does not arrive whole
	}{
		{"", 1, "me: sent", false},
		{"GET ** drop", 1, "me: sent", false},
		{"POST ** apply; delay 1ms", 1, "me: sent", false},
		{"POST ** twice", 2, "me: sent", false},
		{"POST ** answer html", 0, "<html><title>Sign in</title></html>", false},
		{"POST ** apply; answer html", 1, "<html><title>Sign in</title></html>", false},
		{"POST ** drop", 0, "", true},
		{"POST ** apply; drop", 1, "", true},
		{"POST ** apply; cut 20", 1, "", true},
		{"POST ** answer html; cut 110", 0, "", true},
	} {
		proxy.Rules(test.rules)
		applied.Store(0)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL+"/x", strings.NewReader(" sent"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "me:")
		body := ""
		answer, err := client.Do(request)
		if err == nil {
			var content []byte
			content, err = io.ReadAll(answer.Body)
			answer.Body.Close()
			body = string(content)
		}
		if (err != nil) != test.broken || !test.broken && body != test.body || applied.Load() != test.applied {
			t.Errorf("%q: applied %d times, got %q, %v", test.rules, applied.Load(), body, err)
		}
		if got := proxy.Exchanges(); len(got) != 1 || got[0].Request != "POST /x" || (got[0].Bytes > 0) != (test.applied > 0) {
			t.Errorf("%q: got the exchanges %+v", test.rules, got)
		}
	}
}

// Each of these would make its fault another one.
func TestEveryAnswerIsRawHTTPOrNone(t *testing.T) {
	t.Parallel()
	for name, raw := range Answers() {
		head, _, ended := strings.Cut(raw, "\r\n\r\n")
		if name != "no-http" && (!ended || !strings.HasPrefix(head, "HTTP/1.1 ")) {
			t.Errorf("%s: got %q", name, raw)
		}
	}
}
