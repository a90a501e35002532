// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/certificate"
)

// clockTimeout limits the request that only asks for the server's time.
const clockTimeout = 2 * time.Second

// explainCertificates returns a transport with a *certificate.Error for a certificate that is not valid.
func (c *Client) explainCertificates(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err == nil {
			return resp, nil
		}
		invalid := certificate.ErrorOf(err, c.clock.now())
		if invalid == nil {
			return resp, err
		}
		offset, known := c.clock.read()
		if !known {
			offset, known = c.unverifiedOffset(req.Context())
		}
		invalid.Skew, invalid.SkewKnown = -offset, known
		return resp, invalid
	}}
}

// unverifiedOffset compares the clocks by one request without a credential that verifies no certificate. The answer
// explains an error and decides nothing, since anybody can give it.
func (c *Client) unverifiedOffset(ctx context.Context) (offset time.Duration, known bool) {
	config := rest.AnonymousClientConfig(c.config)
	config.Insecure, config.CAData, config.CAFile = true, nil, ""
	unverified, err := httpClient(config)
	if err != nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, clockTimeout)
	defer cancel()
	version := url.URL{Scheme: c.server.Scheme, Host: c.server.Host, Path: "/version"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, version.String(), http.NoBody)
	if err != nil {
		return 0, false
	}
	resp, err := unverified.Do(req)
	if err != nil {
		klog.V(4).InfoS("the server's time is not known", "server", c.server.Host, "err", err)
		return 0, false
	}
	defer func() { _ = resp.Body.Close() }()
	return c.clock.compare(resp)
}
