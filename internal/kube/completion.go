// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Clusters returns the names of all clusters of the kubeconfig, sorted.
func (k *Kubeconfig) Clusters() []string { return slices.Sorted(maps.Keys(k.raw.Clusters)) }

// Users returns the names of all users of the kubeconfig, sorted.
func (k *Kubeconfig) Users() []string { return slices.Sorted(maps.Keys(k.raw.AuthInfos)) }

// Namespaces returns the names of all namespaces. The error is the API's own.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	ctx = withListSize(ctx)
	namespaces, err := listPages(metav1.ListOptions{}, func(opts metav1.ListOptions) ([]metav1.PartialObjectMetadata, string, error) {
		page := &metav1.PartialObjectMetadataList{}
		err := doJSON(ctx, c.restClient.Get().Resource("namespaces").SetHeader("Accept", metadataOfList).VersionedParams(&opts, c.parameterCodec), page)
		if err == nil {
			err = verifyKind(page.TypeMeta, "PartialObjectMetadataList", "NamespaceList")
		}
		if err == nil {
			err = verifyItems(page, "", "")
		}
		return page.Items, page.Continue, err
	})
	names := make([]string, len(namespaces))
	for i := range namespaces {
		names[i] = namespaces[i].Name
	}
	return names, err
}
