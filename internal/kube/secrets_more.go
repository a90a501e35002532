// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// chunk is how many Secrets one request of All asks for.
const chunk = 500

// All reads all Secrets that options select, in chunks. A list that the server gives up half way (410 Gone) is begun
// again in one piece.
func (s Secrets) All(ctx context.Context, opts metav1.ListOptions) ([]corev1.Secret, error) {
	opts.Limit = chunk
	var found []corev1.Secret
	for {
		page, err := s.List(ctx, opts)
		if apierrors.IsResourceExpired(err) && opts.Continue != "" {
			found, opts.Continue, opts.Limit = nil, "", 0
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, page.Items...)
		if opts.Continue = page.Continue; opts.Continue == "" {
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
