// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CertificateRequests reads the certificate signing requests for a signer, page by page; "" means all signers. The error is
// the API's own.
func (c *Client) CertificateRequests(ctx context.Context, signer string) ([]certificatesv1.CertificateSigningRequest, error) {
	options := metav1.ListOptions{}
	if signer != "" {
		options.FieldSelector = "spec.signerName=" + signer
	}
	return listPages(options,
		func(opts metav1.ListOptions) ([]certificatesv1.CertificateSigningRequest, string, error) {
			page := &certificatesv1.CertificateSigningRequestList{}
			list := request(c.restClient.Get(), &certificatesv1.CertificateSigningRequest{}).VersionedParams(&opts, c.parameterCodec)
			err := do(ctx, list, page)
			return page.Items, page.Continue, err
		})
}
