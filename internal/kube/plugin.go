// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// Login runs the exec plugin of a connection, if it has one; client-go caches the credential. It sends no request. The
// plugin runs until it exits, even if ctx is cancelled, because a user may have to log in first. The reason of a plugin
// that fails is CredentialPlugin.
func Login(ctx context.Context, config *rest.Config) error {
	if config.ExecProvider == nil {
		return nil
	}
	noop := roundTripper{nil, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	}}
	transport, err := rest.HTTPWrappersForConfig(config, noop)
	if err != nil {
		return &failure.Error{Reason: failure.CredentialPlugin, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host, http.NoBody)
	if err != nil {
		return &failure.ConfigError{Err: cmp.Or(checkServer(config.Host), errors.New("the server of an exec plugin has to be a URL"))}
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return &failure.Error{Reason: failure.CredentialPlugin, Err: err}
	}
	return resp.Body.Close()
}

// DisablePrompt tells the exec plugin of a connection, if it has one, that stdin is unavailable, and the reason.
func DisablePrompt(config *rest.Config, reason string) {
	if plugin := config.ExecProvider; plugin != nil {
		plugin.StdinUnavailable, plugin.StdinUnavailableMessage = true, reason
	}
}
