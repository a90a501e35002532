// SPDX-License-Identifier: Apache-2.0

// Package karmada is a fake of karmada-aggregated-apiserver: it makes a control plane serve Cluster objects and the proxy to
// the members' API servers.
//
// An APIService registers the fake with the hub, as it does for Karmada's program. The hub authenticates and authorizes the
// user of a request. A member authorizes the requests that the proxy sends to it.
package karmada

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const serveTimeout = time.Minute

// Karmada is a fake Cluster API for one hub.
type Karmada struct {
	hub       *url.URL
	transport http.RoundTripper // to the hub, with the administrator's credentials
	client    kubernetes.Interface
	server    *httptest.Server
	stop      func()

	lock    sync.Mutex
	members map[*controlplane.ControlPlane]*member
}

// Serve starts the fake for a hub and returns when the hub serves Cluster objects. The hub must run without --karmada.
// TestMain calls Serve, and Stop in the end.
func Serve(hub *controlplane.ControlPlane) (*Karmada, error) {
	config, err := hub.ClientConfig()
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("create a transport to the hub: %w", err)
	}
	client, err := hub.Clientset()
	if err != nil {
		return nil, err
	}
	k := &Karmada{hub: &url.URL{Scheme: "https", Host: hub.Host}, transport: transport, client: client, members: map[*controlplane.ControlPlane]*member{}}
	k.server = httptest.NewUnstartedServer(k.handler())
	k.server.EnableHTTP2 = true
	k.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	k.server.StartTLS()
	k.stop = sync.OnceFunc(func() {
		k.server.CloseClientConnections()
		k.server.Close()
	})
	ctx, cancel := context.WithTimeout(context.Background(), serveTimeout)
	defer cancel()
	if err := k.register(ctx); err != nil {
		k.Stop()
		return nil, err
	}
	return k, nil
}

// Stop stops the fake without unregistering it, as in a crash: the hub then answers that the service is unavailable. Serve
// starts a replacement. Later calls do nothing.
func (k *Karmada) Stop() { k.stop() }
