// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// derive returns a client for a modified copy of this client's configuration. Close of either client closes the
// connections of both.
func (c *Client) derive(config *rest.Config) (*Client, error) {
	return newClient(config, c.config.UserAgent, c.clock.now, c.connections)
}

// Anonymous returns a client for the same server without a credential. It keeps the proxy, the TLS server name and the
// certificate authority.
func (c *Client) Anonymous() (*Client, error) {
	return c.derive(rest.AnonymousClientConfig(c.config))
}

// WithEndpoint returns a client without a credential for another address (HOST:PORT) of the same server. It connects as
// a member cluster does: it uses no proxy but that of the environment, and expects a certificate for this address.
func (c *Client) WithEndpoint(hostPort string) (*Client, error) {
	config := rest.AnonymousClientConfig(c.config)
	config.Host = "https://" + hostPort
	config.ServerName = ""
	config.Proxy = http.ProxyFromEnvironment
	return c.derive(config)
}

// WithCA returns the same client with other certificate authorities (PEM). It verifies the server's certificate with
// them, even if this client does not verify it.
func (c *Client) WithCA(ca []byte) (*Client, error) {
	config := rest.CopyConfig(c.config)
	config.Insecure, config.CAData, config.CAFile = false, ca, ""
	return c.derive(config)
}

// WithBearerToken returns a client for the same server, over the same proxy, with a bearer token as its only credential.
func (c *Client) WithBearerToken(token string) (*Client, error) {
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token
	return c.derive(config)
}

// ViaProxy returns a client for a member cluster that sends its requests through the cluster proxy of this control
// plane, with the same credential. The control plane authenticates the user, and impersonates the same user and groups
// in the member.
func (c *Client) ViaProxy(member string) (*Client, error) {
	config := rest.CopyConfig(c.config)
	config.Host = strings.TrimSuffix(c.server.String(), "/") + clustersPath + "/" + url.PathEscape(member) + proxySubresource
	proxied, err := c.derive(config)
	if err != nil {
		return nil, err
	}
	proxied.hub, proxied.member = c, member
	return proxied, nil
}

// Hub returns the client of the control plane that proxies the requests of this one, nil if none does.
func (c *Client) Hub() *Client { return c.hub }

// Direct returns a client without a credential for a member's own API server. It verifies the server's certificate with
// the certificate authorities (PEM), unless the control plane does not verify it either.
func (c *Client) Direct(member Member, ca []byte) (*Client, error) {
	config := &rest.Config{
		Host: member.Server, Timeout: c.config.Timeout,
		TLSClientConfig: rest.TLSClientConfig{Insecure: member.Insecure, CAData: ca},
	}
	if member.ProxyURL != "" {
		if err := checkProxyURL(member.ProxyURL); err != nil {
			return nil, &failure.ConfigError{Err: fmt.Errorf("the proxy of member %s: %w", member.Name, err)}
		}
		proxy, _ := url.Parse(member.ProxyURL) // checked before
		config.Proxy = http.ProxyURL(proxy)
	}
	return New(config, c.config.UserAgent, c.clock.now)
}

// NewUnverified returns a client for a server URL that is in no kubeconfig. It has no credential, uses no proxy but that
// of the environment, and verifies no certificate. Do not trust its answers without other proof, and send a credential
// only through a client that WithCA returns.
func NewUnverified(server, userAgent string, now func() time.Time) (*Client, error) {
	config := &rest.Config{Host: server, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	return New(config, userAgent, now)
}
