// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"mime"
	"net/http"

	"github.com/joinctl/joinctl/internal/failure"
)

// refuseRedirects returns a transport that fails for an answer with a 3xx status. http.Client would follow it, and the
// transports of client-go add the credential to every request, whatever its host
// (k8s.io/client-go/transport/round_trippers.go). An API server redirects no request of this package.
func refuseRedirects(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil || resp.StatusCode < http.StatusMultipleChoices || resp.StatusCode >= http.StatusBadRequest {
			return resp, err
		}
		_ = resp.Body.Close()
		return nil, redirected(req, resp)
	}}
}

// refuseWebPages returns a transport that fails for a web page in place of an answer: client-go takes its status for that of
// the request where nobody decodes the body.
func refuseWebPages(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
			return resp, err
		}
		if media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || media != "text/html" {
			return resp, nil
		}
		_ = resp.Body.Close()
		return nil, &failure.Error{Reason: failure.Unsupported, Err: failure.UnexpectedAnswer{Err: failure.WebPage{}}}
	}}
}

// redirected returns the error for an answer with a 3xx status. Of the Location it has the scheme and the host only: the rest
// can hold a credential.
func redirected(req *http.Request, resp *http.Response) error {
	known := &failure.Error{
		Reason: failure.Unsupported,
		Hint: "no API server redirects: log in to the proxy that answers in its place, or correct the context's server; " +
			"joinctl follows no redirect, because it would send the credential there",
	}
	to, err := resp.Location()
	switch {
	case err != nil || to.Host == "":
		known.Err = fmt.Errorf("%s answers %d, a redirect that names no host", req.URL.Host, resp.StatusCode)
	case to.Host == req.URL.Host && to.Scheme == req.URL.Scheme:
		known.Err = fmt.Errorf("%s answers %d, a redirect to another path of the same host", req.URL.Host, resp.StatusCode)
	default:
		known.Err = fmt.Errorf("%s answers %d, a redirect to %s://%s", req.URL.Host, resp.StatusCode, to.Scheme, to.Host)
	}
	if err == nil && to.Scheme == "https" && req.URL.Scheme == "http" && to.Hostname() == req.URL.Hostname() {
		known.Hint = "write https:// in the server of the kubeconfig's cluster"
	}
	known.Err = failure.UnexpectedAnswer{Err: known.Err}
	return known
}
