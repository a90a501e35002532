// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// listMetadata reads the metadata of all objects that opts select, page by page. No content is sent. kind is that of the list,
// with which a server may answer in place of metadata. The error is the API's own.
func listMetadata(
	ctx context.Context, opts metav1.ListOptions, kind, namespace string, request func(opts *metav1.ListOptions) *rest.Request,
) ([]metav1.PartialObjectMetadata, error) {
	ctx = withListSize(ctx)
	return listPages(opts, func(opts metav1.ListOptions) ([]metav1.PartialObjectMetadata, string, error) {
		page := &metav1.PartialObjectMetadataList{}
		err := doJSON(ctx, request(&opts).SetHeader("Accept", metadataOfList), page)
		if err == nil {
			err = verifyKind(page.TypeMeta, "PartialObjectMetadataList", kind)
		}
		if err == nil {
			err = verifyItems(page, namespace, opts.LabelSelector)
		}
		return page.Items, page.Continue, err
	})
}

// namesOf returns the names of objects.
func namesOf(objects []metav1.PartialObjectMetadata) []string {
	names := make([]string, len(objects))
	for i := range objects {
		names[i] = objects[i].Name
	}
	return names
}
