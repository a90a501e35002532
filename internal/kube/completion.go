// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Clusters returns the names of all clusters of the kubeconfig, sorted.
func (k *Kubeconfig) Clusters() []string { return slices.Sorted(maps.Keys(k.raw.Clusters)) }

// Users returns the names of all users of the kubeconfig, sorted.
func (k *Kubeconfig) Users() []string { return slices.Sorted(maps.Keys(k.raw.AuthInfos)) }

// Namespaces returns the names of all namespaces. The error is the API's own.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	namespaces, err := listMetadata(ctx, metav1.ListOptions{}, "NamespaceList", "", func(opts *metav1.ListOptions) *rest.Request {
		return c.restClient.Get().Resource("namespaces").VersionedParams(opts, c.parameterCodec)
	})
	return namesOf(namespaces), err
}
