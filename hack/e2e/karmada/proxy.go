// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/proxy"
)

// A cluster has the fields of a Cluster that the proxy needs.
type cluster struct {
	Spec struct {
		APIEndpoint                 string
		InsecureSkipTLSVerification bool
		SecretRef                   *secretRef
		ImpersonatorSecretRef       *secretRef
	}
}

// A secretRef is a reference to a Secret in the hub.
type secretRef struct{ Namespace, Name string }

// connect forwards a request to a member and impersonates the user of the request.
func (k *Karmada) connect(w http.ResponseWriter, r *http.Request) {
	location, config, token, err := k.route(r.Context(), r.PathValue("name"))
	if err != nil {
		writeError(w, err)
		return
	}
	location.Path = path.Join(location.Path, r.PathValue("path"))
	impersonate(r.Header, token)
	// Karmada also opens a new connection for every request.
	transport := utilnet.SetTransportDefaults(&http.Transport{TLSClientConfig: config})
	defer transport.CloseIdleConnections()
	proxy.NewUpgradeAwareHandler(location, transport, false, false, errorResponder{}).ServeHTTP(w, r)
}

// route returns the endpoint of a Cluster, its TLS configuration, and the token of its impersonator.
func (k *Karmada) route(ctx context.Context, name string) (*url.URL, *tls.Config, string, error) {
	c, err := k.cluster(ctx, name)
	if err != nil {
		return nil, nil, "", err
	}
	config, err := k.tlsConfig(ctx, c)
	if err != nil {
		return nil, nil, "", err
	}
	if c.Spec.APIEndpoint == "" {
		return nil, nil, "", fmt.Errorf("cluster %s has no API endpoint", name)
	}
	location, err := url.Parse(c.Spec.APIEndpoint)
	if err != nil {
		return nil, nil, "", err
	}
	if c.Spec.ImpersonatorSecretRef == nil {
		return nil, nil, "", fmt.Errorf("cluster %s has no impersonatorSecretRef", name)
	}
	token, err := k.secret(ctx, *c.Spec.ImpersonatorSecretRef, "token")
	return location, config, string(token), err
}

// errorResponder writes the errors of the proxy.
type errorResponder struct{}

// Error implements proxy.ErrorResponder.
func (errorResponder) Error(w http.ResponseWriter, _ *http.Request, err error) { writeError(w, err) }

// cluster reads a Cluster from the hub.
func (k *Karmada) cluster(ctx context.Context, name string) (c cluster, err error) {
	result := k.client.Discovery().RESTClient().Get().AbsPath(storedClusters, name).Do(ctx)
	// Only Error returns the hub's status.
	if err := result.Error(); err != nil {
		return c, err
	}
	raw, err := result.Raw()
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(raw, &c)
}

// tlsConfig returns the TLS configuration that verifies the member.
func (k *Karmada) tlsConfig(ctx context.Context, c cluster) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: c.Spec.InsecureSkipTLSVerification}
	if c.Spec.SecretRef == nil {
		return config, nil
	}
	ca, err := k.secret(ctx, *c.Spec.SecretRef, "caBundle")
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AppendCertsFromPEM(ca)
	return config, nil
}

// secret reads one key of a Secret in the hub.
func (k *Karmada) secret(ctx context.Context, ref secretRef, key string) ([]byte, error) {
	s, err := k.client.CoreV1().Secrets(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	value, found := s.Data[key]
	if !found {
		return nil, fmt.Errorf("secret %s/%s has no %s", ref.Namespace, ref.Name, key)
	}
	return value, nil
}

// impersonate replaces the hub's X-Remote headers with a bearer token and impersonation headers for the same user.
func impersonate(h http.Header, token string) {
	user, groups := h.Get("X-Remote-User"), h.Values("X-Remote-Group")
	deleteRemoteHeaders(h)
	h.Set("Authorization", "bearer "+token)
	h.Set(authenticationv1.ImpersonateUserHeader, user)
	for _, g := range groups {
		if !slices.Contains([]string{"system:authenticated", "system:unauthenticated"}, g) {
			h.Add(authenticationv1.ImpersonateGroupHeader, g)
		}
	}
}

// deleteRemoteHeaders deletes the headers with which the hub names the user.
func deleteRemoteHeaders(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "X-Remote-") {
			delete(h, name)
		}
	}
}
