// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Issue says whether certificate requests are approved when they are created, and whether approved ones get a certificate.
func (s *Server) Issue(approves, signs bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.approves, s.issues = approves, signs
}

// issue does to a new certificate request what approver and signer do. It needs the lock.
func (s *Server) issue(obj Object) {
	csr, ok := obj.(*certificatesv1.CertificateSigningRequest)
	if !ok || !s.approves {
		return
	}
	csr.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "AutoApproved", LastUpdateTime: metav1.NewTime(s.now()),
	}}
	if s.issues {
		csr.Status.Certificate = []byte("certificate")
	}
}
