// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestATokenInPlaceOfAHostIsNeverConnectedTo(t *testing.T) {
	t.Parallel()
	const token = "aaaa08.0123456789abcdef"
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("connected to %s", address)
		return nil, &net.OpError{Op: "dial", Err: timeoutError{}}
	}
	for _, host := range []string{token, strings.ToUpper(token), token + "."} {
		for name, config := range map[string]*rest.Config{
			"server":             {Host: "https://" + host + ":6443"},
			"server as HOST":     {Host: host},
			"server name of TLS": {Host: "https://10.0.0.1", TLSClientConfig: rest.TLSClientConfig{ServerName: host}},
			"proxy":              {Host: "https://10.0.0.1", Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: host + ":3128"})},
		} {
			config.Dial = dial
			_, err := New(config, "joinctl/test", time.Now)
			if !failure.IsConfig(err) || strings.Contains(err.Error(), host) {
				t.Errorf("%s %s: got %v", name, host, err)
			}
		}
	}
	if _, err := NewUnverified("https://"+token+":443", "joinctl/test", time.Now); !failure.IsConfig(err) {
		t.Errorf("a server of no kubeconfig: got %v", err)
	}
}
