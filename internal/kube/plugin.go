// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net/http"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// Login has the exec plugin of a connection, if there is one, give its credential, which client-go then keeps. It sends
// nothing. A plugin does not heed ctx: somebody may have to log in first, and that may take longer than any request.
func Login(ctx context.Context, config *rest.Config) error {
	if config.ExecProvider == nil {
		return nil
	}
	nowhere := roundTripper{nil, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	}}
	through, err := rest.HTTPWrappersForConfig(config, nowhere)
	if err != nil {
		return &failure.Error{Reason: failure.CredentialPlugin, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host, http.NoBody)
	if err != nil {
		return &failure.ConfigError{Err: err}
	}
	resp, err := through.RoundTrip(req)
	if err != nil {
		return &failure.Error{Reason: failure.CredentialPlugin, Err: err}
	}
	return resp.Body.Close()
}

// DisablePrompt tells the exec plugin of a connection, if there is one, that it cannot ask on the terminal, and why.
func DisablePrompt(config *rest.Config, why string) {
	if plugin := config.ExecProvider; plugin != nil {
		plugin.StdinUnavailable, plugin.StdinUnavailableMessage = true, why
	}
}
