// SPDX-License-Identifier: Apache-2.0

package action

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// tunnel returns the address of a proxy. With a password it refuses requests without one.
func tunnel(t *testing.T, password string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if password != "" && r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		upstream, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer upstream.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(upstream, client) }()
		_, _ = io.Copy(client, upstream)
	}))
	t.Cleanup(proxy.Close)
	return strings.TrimPrefix(proxy.URL, "http://")
}

func TestAKubeconfigHasNoUserNameAndPasswordOfTheServerAndTheProxy(t *testing.T) {
	t.Parallel()
	for _, exec := range []bool{false, true} {
		server := withRobot(t)
		s, shown := newSession(t, servers{"hub": server})
		proxy := tunnel(t, "")
		editKubeconfig(t, s, func(config *clientcmdapi.Config) {
			config.Clusters["hub"].Server = strings.Replace(server.URL, "https://", "https://u:hunter2hunter2@", 1)
			config.Clusters["hub"].ProxyURL = "http://u:hunter2hunter2@" + proxy
		})
		a, delivered := exporting(s)
		a.Exec = exec
		wantFailures(t, mustExport(t, a).Failures, 1)
		cluster := parseKubeconfig(t, delivered.Bytes()).Clusters["hub"]
		if cluster.Server != server.URL || cluster.ProxyURL != "http://"+proxy || strings.Contains(delivered.String(), "hunter2") {
			t.Errorf("delivered %s", delivered)
		}
		wantText(t, shown.String(), "the user name and password in server and proxy-url are not copied")
	}
}

func TestAProxyThatNeedsAPasswordIsNotExported(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	proxy := tunnel(t, "hunter2hunter2")
	editKubeconfig(t, s, func(config *clientcmdapi.Config) {
		config.Clusters["hub"].ProxyURL = "http://u:hunter2hunter2@" + proxy
	})
	a, _ := exporting(s)
	err := exportError(t, a)
	wantError(t, err, failure.Invalid, "does not work without its user name and password")
	if !failure.IsConfig(err) || count(server, http.MethodPost) != 0 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v after %q", err, server.Requests())
	}
}
