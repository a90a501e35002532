// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// AccessProxy starts a server that serves many control planes at one address, as Teleport and Rancher do: it passes a
// request to the server of its bearer token, and answers 401 to all other tokens. The Server returned has an address and a
// certificate authority only.
func AccessProxy(t testing.TB, behind map[string]*Server) *Server {
	t.Helper()
	proxy := newServer(t)
	handlers := map[string]http.Handler{}
	for bearer, server := range behind {
		handlers[bearer] = server.handler()
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler := handlers[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if handler == nil {
			refuse(w, apierrors.NewUnauthorized("the token is expired"))
			return
		}
		handler.ServeHTTP(w, r)
	}))
	server.TLS, proxy.CA = NewCertificate(t)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy.URL = server.URL
	return proxy
}
