// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/redact"
)

// checkServer returns an error for a server that is no URL and no HOST:PORT. It says so in its own words: those of net/url
// and client-go quote the address, which can have a password.
func checkServer(address string) error {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	if _, err := url.Parse(address); err != nil {
		return errors.New("server is no URL such as https://HOST:PORT; a user name and a password in it need %-escapes")
	}
	return nil
}

// refuseTokenHosts returns an error for a connection to a host, through a proxy or with a TLS server name that has the form
// of a bootstrap token: a name server, a proxy and the network would see the credential.
func (c *Client) refuseTokenHosts() error {
	hosts := map[string]string{"server": c.server.Hostname(), "tls-server-name": c.config.ServerName, "proxy-url": ""}
	if proxy := proxyOf(c.config, c.server); proxy != nil {
		hosts["proxy-url"] = proxy.Hostname()
	}
	for _, what := range []string{"server", "tls-server-name", "proxy-url"} {
		if redact.IsToken(hosts[what]) {
			return &failure.ConfigError{
				Err:  fmt.Errorf("the host of %s has the form of a bootstrap token, so nothing connects to it", what),
				Hint: "correct the kubeconfig; if the token is a real one, others may have seen it: joinctl token delete ends it",
			}
		}
	}
	return nil
}

// proxyOf returns the URL of the proxy that a connection to a server goes through, nil for none.
func proxyOf(config *rest.Config, server *url.URL) *url.URL {
	if config.Proxy == nil {
		return nil
	}
	proxy, err := config.Proxy(&http.Request{URL: server})
	if err != nil {
		return nil
	}
	return proxy
}
