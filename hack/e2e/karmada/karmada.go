// SPDX-License-Identifier: Apache-2.0

// Package karmada stands in for karmada-aggregated-apiserver: it makes a control plane serve Cluster objects and the
// proxy to the API servers behind them.
//
// The hub knows the stand-in as it knows Karmada's program, by an APIService: it is the hub that authenticates who asks and
// decides whether they may. What comes through to a member, the member decides about.
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

// Karmada serves the Cluster API of one hub.
type Karmada struct {
	hub     *url.URL
	through http.RoundTripper // to the hub, as its administrator
	client  kubernetes.Interface
	server  *httptest.Server
	stop    func()

	lock    sync.Mutex
	members map[*controlplane.ControlPlane]*member
}

// Serve makes a control plane serve Cluster objects and their proxy, and returns when it does. The control plane must
// not have been started with --karmada. TestMain calls it, and Stop in the end.
func Serve(hub *controlplane.ControlPlane) (*Karmada, error) {
	config, err := hub.ClientConfig()
	if err != nil {
		return nil, err
	}
	through, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a transport to the hub: %w", err)
	}
	client, err := hub.Clientset()
	if err != nil {
		return nil, err
	}
	k := &Karmada{hub: &url.URL{Scheme: "https", Host: hub.Host}, through: through, client: client, members: map[*controlplane.ControlPlane]*member{}}
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

// Stop ends the stand-in as if it had crashed: the hub keeps the registration, and answers that the service is
// unavailable. Serve makes another in its place. Calls after the first do nothing.
func (k *Karmada) Stop() { k.stop() }
