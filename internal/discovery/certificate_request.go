// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/join"
)

// NewCertificateRequest returns a certificate signing request of a joiner, for a key that is thrown away: nobody can use the
// certificate. The error says that there is no randomness.
func NewCertificateRequest(request join.CertificateRequest, random io.Reader) (*certificatesv1.CertificateSigningRequest, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(random, &x509.CertificateRequest{Subject: request.Subject}, key)
	if err != nil {
		return nil, fmt.Errorf("create a certificate signing request: %w", err)
	}
	return &certificatesv1.CertificateSigningRequest{
		TypeMeta:   metav1.TypeMeta{APIVersion: certificatesv1.SchemeGroupVersion.String(), Kind: "CertificateSigningRequest"},
		ObjectMeta: metav1.ObjectMeta{GenerateName: "joinctl-check-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			SignerName: request.Signer,
			Usages:     request.Usages,
		},
	}, nil
}
