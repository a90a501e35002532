// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"time"

	"k8s.io/client-go/rest"
)

// NewUnverified returns a client for a server, a URL, of which nothing is known: it has no credential, no kubeconfig and no
// proxy but the environment's, and verifies no certificate. What it reads is to be believed only when something else
// vouches for it; a credential is to be sent only by what WithCA then returns.
func NewUnverified(server, userAgent string, now func() time.Time) (*Client, error) {
	config := &rest.Config{Host: server, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	return New(config, userAgent, now)
}
