// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// certificates is where the API group of certificate signing requests is served.
const certificates = "/apis/certificates.k8s.io/v1"

// DryRunCertificateRequest has the server check and admit a certificate signing request without storing it. The error is
// the API's own.
func (c *Client) DryRunCertificateRequest(ctx context.Context, request *certificatesv1.CertificateSigningRequest) error {
	return c.core.Post().AbsPath(certificates, "certificatesigningrequests").
		Param("dryRun", metav1.DryRunAll).Body(request).Do(ctx).Error()
}
