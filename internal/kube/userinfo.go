// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"
)

// StripUserinfo returns a URL without a user name and a password, and reports whether it had one of them. It returns a text
// that is no URL unchanged.
func StripUserinfo(address string) (stripped string, had bool) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address, false
	}
	u.User = nil
	return u.String(), true
}

// WithoutUserinfo returns the same client without the user names and passwords in the URLs of the server and the proxy.
func (c *Client) WithoutUserinfo() (*Client, error) {
	config := rest.CopyConfig(c.config)
	config.Host, _ = StripUserinfo(c.server.String())
	if proxy := proxyOf(config, c.server); proxy != nil && proxy.User != nil {
		stripped := *proxy
		stripped.User = nil
		config.Proxy = http.ProxyURL(&stripped)
	}
	return c.derive(config)
}
