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

// A cluster is what the proxy needs to know of a Cluster.
type cluster struct {
	Spec struct {
		APIEndpoint                 string
		InsecureSkipTLSVerification bool
		SecretRef                   *secretRef
		ImpersonatorSecretRef       *secretRef
	}
}

// A secretRef says where in the hub a Secret is.
type secretRef struct{ Namespace, Name string }

// connect passes a request on to a member, as the user who made it.
func (k *Karmada) connect(w http.ResponseWriter, r *http.Request) {
	location, config, token, err := k.route(r.Context(), r.PathValue("name"))
	if err != nil {
		refuse(w, err)
		return
	}
	location.Path = path.Join(location.Path, r.PathValue("path"))
	impersonate(r.Header, token)
	// Karmada makes a connection for every request, too.
	transport := utilnet.SetTransportDefaults(&http.Transport{TLSClientConfig: config})
	defer transport.CloseIdleConnections()
	proxy.NewUpgradeAwareHandler(location, transport, false, false, responder{}).ServeHTTP(w, r)
}

// route is where a Cluster is, how to know it, and the token of its impersonator.
func (k *Karmada) route(ctx context.Context, name string) (*url.URL, *tls.Config, string, error) {
	c, err := k.cluster(ctx, name)
	if err != nil {
		return nil, nil, "", err
	}
	config, err := k.tls(ctx, c)
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

// responder refuses what the proxy fails at.
type responder struct{}

// Error implements the interface.
func (responder) Error(w http.ResponseWriter, _ *http.Request, err error) { refuse(w, err) }

// cluster reads a Cluster in the hub.
func (k *Karmada) cluster(ctx context.Context, name string) (c cluster, err error) {
	result := k.client.Discovery().RESTClient().Get().AbsPath(storedClusters, name).Do(ctx)
	// Only Error says what the hub said.
	if err := result.Error(); err != nil {
		return c, err
	}
	raw, err := result.Raw()
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(raw, &c)
}

// tls is how to know that a server is the member.
func (k *Karmada) tls(ctx context.Context, c cluster) (*tls.Config, error) {
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

// secret reads a value of a Secret in the hub.
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

// impersonate turns the hub's word on who asks into a request to the member to take the bearer of a token for them.
func impersonate(h http.Header, token string) {
	user, groups := h.Get("X-Remote-User"), h.Values("X-Remote-Group")
	forget(h)
	h.Set("Authorization", "bearer "+token)
	h.Set(authenticationv1.ImpersonateUserHeader, user)
	for _, g := range groups {
		if !slices.Contains([]string{"system:authenticated", "system:unauthenticated"}, g) {
			h.Add(authenticationv1.ImpersonateGroupHeader, g)
		}
	}
}

// forget removes the hub's word on who asks.
func forget(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "X-Remote-") {
			delete(h, name)
		}
	}
}
