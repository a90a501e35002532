// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"

	"k8s.io/client-go/rest"
)

// Admit has every request ask first whether it may be sent, when all is there that it needs: the credential of an exec
// plugin too. An error of admit is the request's.
func Admit(config *rest.Config, admit func() error) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { // client-go puts the plugin's own around it
		return roundTripper{next, func(req *http.Request) (*http.Response, error) {
			if err := admit(); err != nil {
				return nil, err
			}
			return next.RoundTrip(req)
		}}
	})
}

// Detach tells the exec plugin of a connection, if there is one, that it cannot ask on the terminal, and why.
func Detach(config *rest.Config, why string) {
	if plugin := config.ExecProvider; plugin != nil {
		plugin.StdinUnavailable, plugin.StdinUnavailableMessage = true, why
	}
}
