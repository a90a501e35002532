// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Update stores a Secret that was read before, and returns it as stored.
func (s Secrets) Update(ctx context.Context, secret *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error) {
	out := &corev1.Secret{}
	err := s.to(s.client.core.Put()).Name(secret.Name).VersionedParams(&opts, s.client.codec).Body(secret).Do(ctx).Into(out)
	return out, err
}
