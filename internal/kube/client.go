// SPDX-License-Identifier: Apache-2.0

// Package kube creates clients from a kubeconfig that is read once. A client tracks the server's clock and collects
// its warnings.
package kube

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/connrotation"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Client talks to one API server as one identity.
type Client struct {
	config         *rest.Config
	server         *url.URL
	restClient     rest.Interface
	parameterCodec runtime.ParameterCodec
	clock          *clock
	warnings       *warnings
	connections    *connrotation.ConnectionTracker
	hub            *Client // the control plane that proxies the requests; nil: none does
	member         string  // the cluster that hub sends the requests to
}

// New returns a client for a connection. now is the clock of this machine. New sends no request. It returns a
// *failure.ConfigError if the settings contradict each other or a credential plugin cannot be set up.
func New(config *rest.Config, userAgent string, now func() time.Time) (*Client, error) {
	config, connections := rest.CopyConfig(config), connrotation.NewConnectionTracker()
	config.Dial = trackDial(config.Dial, connections)
	return newClient(config, userAgent, now, connections)
}

// newClient returns a client for a connection that opens its connections through a tracker.
func newClient(config *rest.Config, userAgent string, now func() time.Time, connections *connrotation.ConnectionTracker) (*Client, error) {
	c := &Client{config: rest.CopyConfig(config), clock: &clock{now: now}, warnings: &warnings{}, connections: connections}
	c.config.QPS = -1 // client-go delays the 11th request and all later ones by default
	c.config.UserAgent = userAgent
	c.config.NextProtos = []string{"http/1.1"} // the requests are sequential, and HTTP/2 keeps its buffers for 90 s
	c.config.WarningHandlerWithContext = c.warnings
	scheme := runtime.NewScheme()
	builder := runtime.NewSchemeBuilder(corev1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme,
		certificatesv1.AddToScheme, rbacv1.AddToScheme)
	if err := builder.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register the API types: %w", err)
	}
	c.parameterCodec = runtime.NewParameterCodec(scheme)
	c.config.GroupVersion = &schema.GroupVersion{Version: "v1"}
	c.config.APIPath = "/api"
	c.config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.config.ContentType = runtime.ContentTypeProtobuf
	c.config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return c, c.setUpTransport()
}

func (c *Client) setUpTransport() (err error) {
	if err := checkServer(c.config.Host); err != nil {
		return &failure.ConfigError{Err: err}
	}
	if c.server, _, err = rest.DefaultServerUrlFor(c.config); err != nil {
		return &failure.ConfigError{Err: errors.New("server has a path and no scheme: it has to be a URL or HOST:PORT")}
	}
	if err := c.refuseTokenHosts(); err != nil {
		return err
	}
	config, err := withAuthProvider(c.config)
	if err != nil {
		return err
	}
	httpClient, err := httpClient(config)
	if err != nil {
		return cmp.Or(unsupportedVersion(config, err), error(&failure.ConfigError{Err: fmt.Errorf("connect to %s: %w", c.server.Redacted(), err)}))
	}
	httpClient.Transport = c.explainCertificates(c.clock.wrap(httpClient.Transport))
	if c.restClient, err = rest.RESTClientForConfigAndClient(c.config, httpClient); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("connect to %s: %w", c.server.Redacted(), err)}
	}
	return nil
}

// Server returns the API server's URL from the kubeconfig.
func (c *Client) Server() *url.URL { u := *c.server; return &u }

// RequestTimeout returns how long one request may take; 0 means no limit.
func (c *Client) RequestTimeout() time.Duration { return c.config.Timeout }

// Insecure reports whether the client does not verify the server's certificate, or does not use TLS.
func (c *Client) Insecure() bool {
	return c.config.Insecure || c.server.Scheme != "https"
}

// CA returns the PEM certificates that verify the server's certificate; empty means the system's.
func (c *Client) CA() []byte { return c.config.CAData }

// Fingerprint returns a SHA-256 hash, in hexadecimal, of the server's address, its certificate authority and the
// identity of this client. The identity includes a bearer token, but no password and no private key.
func (c *Client) Fingerprint() string {
	config := c.config
	parts := []any{
		c.server.String(), config.ServerName, config.Insecure, config.CAData,
		config.Username, config.BearerToken, config.BearerTokenFile, config.CertData, config.Impersonate,
	}
	if plugin := config.ExecProvider; plugin != nil {
		parts = append(parts, plugin.Command, plugin.Args, plugin.Env)
	}
	if provider := config.AuthProvider; provider != nil {
		parts = append(parts, provider.Name, provider.Config)
	}
	sum, _ := hash(parts) // cannot fail for strings, bytes and lists of them
	return sum
}

// hash returns the SHA-256 hash of a value's JSON, in hexadecimal. The error is that of json.Marshal.
func hash(value any) (string, error) {
	encoded, err := json.Marshal(value)
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), err
}

// Version asks the server for its version, such as v1.37.2. The error is the API's own, or says that the answer is not
// a version.
func (c *Client) Version(ctx context.Context) (string, error) {
	var info apiversion.Info
	err := doJSON(ctx, c.restClient.Get().AbsPath("/version"), &info)
	if err == nil && info.GitVersion == "" {
		err = unexpected("the answer names no version of Kubernetes")
	}
	return info.GitVersion, err
}

// Warnings returns the warnings that the server sent since the last call, each text once.
func (c *Client) Warnings() []string { return c.warnings.take() }

// Close closes all connections of this client and of the clients derived from it. They stay usable and open new
// connections.
func (c *Client) Close() { c.connections.CloseAll() }
