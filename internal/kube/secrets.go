// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Secrets reads and writes the Secrets of one namespace. Its methods are those of client-go's typed clients, and so
// are their errors. client-go's own generic client would do, but its package holds a fake too, which links 5 MB of
// OpenAPI.
type Secrets struct {
	client    *Client
	namespace string
}

// Secrets returns the Secrets of a namespace.
func (c *Client) Secrets(namespace string) Secrets { return Secrets{c, namespace} }

// Create stores a Secret and returns it as stored. Like Delete it is sent once: client-go would send it again where the
// server asks for that, and could not tell its own first success from a conflict.
func (s Secrets) Create(ctx context.Context, secret *corev1.Secret, opts metav1.CreateOptions) (*corev1.Secret, error) {
	out := &corev1.Secret{}
	err := connected(ctx, func(ctx context.Context) error {
		return s.to(s.client.core.Post()).MaxRetries(0).VersionedParams(&opts, s.client.codec).Body(secret).Do(ctx).Into(out)
	})
	return out, err
}

// Get reads one Secret.
func (s Secrets) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error) {
	out := &corev1.Secret{}
	err := s.to(s.client.core.Get()).Name(name).VersionedParams(&opts, s.client.codec).Do(ctx).Into(out)
	return out, err
}

// List reads many Secrets, or a chunk of them.
func (s Secrets) List(ctx context.Context, opts metav1.ListOptions) (*corev1.SecretList, error) {
	out := &corev1.SecretList{}
	err := s.to(s.client.core.Get()).VersionedParams(&opts, s.client.codec).Do(ctx).Into(out)
	return out, err
}

// Delete deletes one Secret.
func (s Secrets) Delete(ctx context.Context, name string, opts metav1.DeleteOptions) error {
	return connected(ctx, func(ctx context.Context) error {
		return s.to(s.client.core.Delete()).MaxRetries(0).Name(name).Body(&opts).Do(ctx).Error()
	})
}

func (s Secrets) to(verb *rest.Request) *rest.Request {
	return verb.Namespace(s.namespace).Resource("secrets")
}
