// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"fmt"
	"net/http"

	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // registers the auth provider oidc
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// withAuthProvider returns a connection that authenticates by the auth provider of another one, or that one if it has none.
// client-go would use one provider for all users of a cluster with the same issuer and client ID
// (k8s.io/client-go/plugin/pkg/client/auth/oidc), and send the requests of one as another. Here only users with the same settings
// share one, whatever their cluster: so a refresh token is used once. Like kubectl, the provider writes refreshed tokens into
// the user's kubeconfig. Every error is a *failure.ConfigError.
func withAuthProvider(config *rest.Config) (*rest.Config, error) {
	settings := config.AuthProvider
	if settings == nil || config.ExecProvider != nil { // client-go refuses both at once
		return config, nil
	}
	key, err := hash(settings)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("auth provider %q: %w", settings.Name, err)}
	}
	if settings.Name != "oidc" {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("auth provider %q in the kubeconfig is not supported", settings.Name),
			Hint: authProviderHint(settings.Name),
		}
	}
	provider, err := rest.GetAuthProvider(key, settings, config.AuthConfigPersister)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("auth provider %q: %w", settings.Name, err)}
	}
	config = rest.CopyConfig(config)
	config.AuthProvider, config.AuthConfigPersister = nil, nil
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper{next, func(req *http.Request) (*http.Response, error) { return roundTripAs(provider, next, req) }}
	})
	return config, nil
}

// roundTripAs sends a request with the credential of an auth provider. A provider that returns none is the reason
// CredentialPlugin: the request was not sent.
func roundTripAs(provider rest.AuthProvider, next http.RoundTripper, req *http.Request) (*http.Response, error) {
	sent := false
	resp, err := provider.WrapTransport(roundTripper{next, func(req *http.Request) (*http.Response, error) {
		sent = true
		return next.RoundTrip(req)
	}}).RoundTrip(req)
	if err != nil && !sent {
		return nil, &failure.Error{
			Reason: failure.CredentialPlugin, Hint: pluginHint(err),
			Err: failure.NotSent{Err: fmt.Errorf("get a credential from the auth provider: %w", err)},
		}
	}
	return resp, err
}

// authProviderHint names the plugin that replaced an auth provider. client-go removed these providers in v0.26.
func authProviderHint(name string) string {
	return cmp.Or(map[string]string{
		"gcp":   "install gke-gcloud-auth-plugin, and write the context again with gcloud container clusters get-credentials",
		"azure": "install kubelogin, and run kubelogin convert-kubeconfig",
	}[name], "client-go has only the auth provider oidc: write the context again with a credential plugin (users[].user.exec)")
}
