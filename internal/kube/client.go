// SPDX-License-Identifier: Apache-2.0

// Package kube answers how to talk to a control plane: it turns a kubeconfig, read once, into clients that know
// the server's clock, collect its warnings and can say why a call failed.
package kube

import (
	"context"
	"fmt"
	"net/http"
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
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Client talks to one API server as one identity, over one connection.
type Client struct {
	config  *rest.Config
	server  *url.URL
	core    rest.Interface
	codec   runtime.ParameterCodec
	clock   *clock
	warned  *warnings
	tracker *connectionTracker
	hub     *Client // that this one goes through; nil: through none
	member  string  // the cluster behind it
}

// New returns a client for a connection. now is this machine's clock, to which the server's is compared.
// It fails when the settings contradict each other or a credential plugin cannot be set up; it sends nothing.
func New(config *rest.Config, userAgent string, now func() time.Time) (*Client, error) {
	config, shared := rest.CopyConfig(config), &connectionTracker{}
	config.Dial = shared.through(config.Dial)
	return newClient(config, userAgent, now, shared)
}

// derive returns a client for another configuration that was made of this client's: its connections are this one's.
func (c *Client) derive(config *rest.Config) (*Client, error) {
	return newClient(config, c.config.UserAgent, c.clock.now, c.tracker)
}

func newClient(config *rest.Config, userAgent string, now func() time.Time, shared *connectionTracker) (*Client, error) {
	c := &Client{config: rest.CopyConfig(config), clock: &clock{now: now}, warned: &warnings{}, tracker: shared}
	c.config.QPS = -1 // client-go's default delays the 11th request and all that follow
	c.config.UserAgent = userAgent
	c.config.NextProtos = []string{"http/1.1"} // requests go one after the other, and HTTP/2 keeps what it had for 90 s
	c.config.WarningHandlerWithContext = c.warned
	scheme := runtime.NewScheme()
	kinds := runtime.NewSchemeBuilder(corev1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme,
		certificatesv1.AddToScheme, rbacv1.AddToScheme)
	if err := kinds.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register the kinds of objects: %w", err)
	}
	c.codec = runtime.NewParameterCodec(scheme)
	c.config.GroupVersion = &schema.GroupVersion{Version: "v1"}
	c.config.APIPath = "/api"
	c.config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.config.ContentType = runtime.ContentTypeProtobuf
	c.config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return c, c.dial()
}

// dial builds the transport that the settings ask for.
func (c *Client) dial() (err error) {
	if c.server, _, err = rest.DefaultServerUrlFor(c.config); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("server %q: %w", c.config.Host, err)}
	}
	httpClient, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("connect to %s: %w", c.config.Host, err)}
	}
	httpClient.Transport = c.clock.watch(httpClient.Transport)
	if c.core, err = rest.RESTClientForConfigAndClient(c.config, httpClient); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("connect to %s: %w", c.config.Host, err)}
	}
	return nil
}

// Server returns the API server's URL, as the kubeconfig has it.
func (c *Client) Server() *url.URL { u := *c.server; return &u }

// RequestTimeout returns how long one request may take, 0 for as long as it wants.
func (c *Client) RequestTimeout() time.Duration { return c.config.Timeout }

// Insecure reports whether the server's certificate goes unverified: by choice, or for want of TLS.
func (c *Client) Insecure() bool {
	return c.config.Insecure || c.server.Scheme != "https"
}

// UsesProxy reports whether the kubeconfig names a proxy for this server.
func (c *Client) UsesProxy() bool { return c.config.Proxy != nil }

// CA returns the PEM certificates that the server's certificate is verified with; empty means the system's.
func (c *Client) CA() []byte { return c.config.CAData }

// ConfigMap reads one ConfigMap. The error is the API's own.
func (c *Client) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	out := &corev1.ConfigMap{}
	err := c.core.Get().Namespace(namespace).Resource("configmaps").Name(name).Do(ctx).Into(out)
	return out, err
}

// Serves reports whether the server has an API group, such as cluster.karmada.io.
func (c *Client) Serves(ctx context.Context, group string) (bool, error) {
	err := c.core.Get().AbsPath("/apis", group).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx).Error()
	if failure.ReasonOf(err) == failure.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Warnings returns what the server has warned of since the last call, each once.
func (c *Client) Warnings() []string { return c.warned.take() }

// Anonymous returns a client without any credential, to the same server over the same route: the same proxy, TLS
// server name and certificate authority.
func (c *Client) Anonymous() (*Client, error) {
	return c.derive(rest.AnonymousClientConfig(c.config))
}

// WithEndpoint returns a client without any credential to another address of the same server, reached as a member cluster
// would: no proxy but the environment's, and a certificate that covers that very address.
func (c *Client) WithEndpoint(hostPort string) (*Client, error) {
	config := rest.AnonymousClientConfig(c.config)
	config.Host = "https://" + hostPort
	config.ServerName = ""
	config.Proxy = http.ProxyFromEnvironment
	return c.derive(config)
}

// WithCA returns the same client with other certificate authorities (PEM) in place of its own; the server's
// certificate is verified with them, even where it was not before.
func (c *Client) WithCA(ca []byte) (*Client, error) {
	config := rest.CopyConfig(c.config)
	config.Insecure, config.CAData, config.CAFile = false, ca, ""
	return c.derive(config)
}
