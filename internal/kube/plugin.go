// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	clientauthenticationv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// Login runs the exec plugin or the auth provider of a connection, if it has one; client-go caches the credential. It sends no
// request to the server. The plugin runs until it exits, even if ctx is cancelled, because a user may have to log in first.
// The reason of a plugin that fails is CredentialPlugin. A *failure.ConfigError says that the kubeconfig does not fit the
// plugin, which did not run.
func Login(ctx context.Context, config *rest.Config) error {
	if config.ExecProvider == nil && config.AuthProvider == nil {
		return nil
	}
	noop := roundTripper{nil, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	}}
	config, err := withAuthProvider(config)
	if err != nil {
		return err
	}
	transport, err := rest.HTTPWrappersForConfig(config, noop)
	if err != nil {
		return cmp.Or(unsupportedVersion(config, err), error(&failure.ConfigError{Err: fmt.Errorf("set up the credential plugin: %w", err)}))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host, http.NoBody)
	if err != nil {
		return &failure.ConfigError{Err: cmp.Or(checkServer(config.Host), errors.New("the server of an exec plugin has to be a URL"))}
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return &failure.Error{Reason: failure.CredentialPlugin, Err: err, Hint: pluginHint(err)}
	}
	return resp.Body.Close()
}

// unsupportedVersion returns a *failure.ConfigError if client-go refuses to run the exec plugin of a connection because of its
// apiVersion, nil for other errors. v1alpha1, which old kubeconfigs have, is such a version.
func unsupportedVersion(config *rest.Config, err error) error {
	plugin := config.ExecProvider
	if plugin == nil || !strings.Contains(err.Error(), "exec plugin: invalid apiVersion") {
		return nil
	}
	return &failure.ConfigError{
		Err: fmt.Errorf("credential plugin %q was not run: apiVersion %q in the kubeconfig is not supported", plugin.Command, plugin.APIVersion),
		Hint: "set users[].user.exec.apiVersion to " + clientauthenticationv1.SchemeGroupVersion.String() +
			", or to v1beta1 if the plugin knows only that; an update of the plugin can write the kubeconfig again",
	}
}

// pluginHint returns what to do about a credential plugin that failed, "" where only a run by hand can tell. client-go's errors
// have no type (k8s.io/client-go/plugin/pkg/client/auth).
func pluginHint(err error) string {
	for _, known := range []struct{ text, hint string }{
		{"oidc: ", "is idp-issuer-url in the kubeconfig right? joinctl reads its /.well-known/openid-configuration"},
		{"exec: fork/exec ", "the command of the plugin in the kubeconfig cannot be started: correct it, or install the plugin for this machine"},
		{"not allowed: policy set to", "credentialPluginPolicy in kubectl's preferences forbids it: change the policy there, or name a context that needs no plugin"},
		{"not permitted by the credential plugin allowlist", "add the command to credentialPluginAllowlist in kubectl's preferences, or name a context that needs no plugin"},
		{" not found", "install the plugin, or correct its command in the kubeconfig; it has to be in the PATH of joinctl, which is another one in a CronJob"},
		{"is configured to use API version", "set users[].user.exec.apiVersion in the kubeconfig to the version that the plugin returned"},
		{"cannot support interactive mode", "the plugin asks on the terminal, and here it cannot: log in once by its own command, or run joinctl on a terminal for this context alone"},
		{"id-token, and cannot refresh", "log in again with the program that wrote the kubeconfig: its ID token has expired, and it has no refresh token"},
		{"failed to refresh token", "log in again with the program that wrote the kubeconfig: the identity provider does not accept its refresh token"},
		{"could not persist new tokens", "make the kubeconfig writable: the identity provider may have replaced the refresh token in it"},
	} {
		if strings.Contains(err.Error(), known.text) {
			return known.hint
		}
	}
	return ""
}

// DisablePrompt tells the exec plugin of a connection, if it has one, that stdin is unavailable, and the reason.
func DisablePrompt(config *rest.Config, reason string) {
	if plugin := config.ExecProvider; plugin != nil {
		plugin.StdinUnavailable, plugin.StdinUnavailableMessage = true, reason
	}
}
