// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// chunk is how many objects one request for a list asks for.
const chunk = 500

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
	err := trackConnection(ctx, func(ctx context.Context) error {
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
	return trackConnection(ctx, func(ctx context.Context) error {
		return s.to(s.client.core.Delete()).MaxRetries(0).Name(name).Body(&opts).Do(ctx).Error()
	})
}

func (s Secrets) to(verb *rest.Request) *rest.Request {
	return verb.Namespace(s.namespace).Resource("secrets")
}

// All reads all Secrets that options select, in chunks.
func (s Secrets) All(ctx context.Context, opts metav1.ListOptions) ([]corev1.Secret, error) {
	return inChunks(opts, func(opts metav1.ListOptions) ([]corev1.Secret, string, error) {
		page, err := s.List(ctx, opts)
		return page.Items, page.Continue, err
	})
}

// inChunks reads a list page by page. One that the server gives up half way (410 Gone) is begun again in one piece.
func inChunks[T any](opts metav1.ListOptions, read func(metav1.ListOptions) (page []T, next string, err error)) ([]T, error) {
	opts.Limit = chunk
	var found []T
	for {
		page, next, err := read(opts)
		if apierrors.IsResourceExpired(err) && opts.Continue != "" {
			found, opts.Continue, opts.Limit = nil, "", 0
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		if opts.Continue = next; next == "" {
			return found, nil
		}
	}
}

// Update stores a Secret that was read before, and returns it as stored.
func (s Secrets) Update(ctx context.Context, secret *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error) {
	out := &corev1.Secret{}
	err := s.to(s.client.core.Put()).Name(secret.Name).VersionedParams(&opts, s.client.codec).Body(secret).Do(ctx).Into(out)
	return out, err
}

// Undo deletes the very Secret that Create made, and no later one of its name. It works under a cancelled context too.
func (s Secrets) Undo(ctx context.Context, made *corev1.Secret) error {
	opts := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &made.UID}}
	err := s.Delete(context.WithoutCancel(ctx), made.Name, opts)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("roll back %s: %w", made.Name, err)
	}
	return nil
}
