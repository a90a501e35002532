// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certificates "k8s.io/client-go/informers/certificates/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// startAgentApprover approves the certificate requests of Karmada's agents until ctx ends, by the rules of agentcsrapproving
// of karmada-controller-manager (karmada pkg/controllers/certificate/approver/agent_csr_approving.go).
func startAgentApprover(ctx context.Context, client kubernetes.Interface, requests certificates.CertificateSigningRequestInformer) error {
	handle := func(object any) {
		csr, ok := object.(*certificatesv1.CertificateSigningRequest)
		if !ok || len(csr.Status.Conditions) > 0 || !isOfAgent(csr) {
			return
		}
		if err := approve(ctx, client, csr.DeepCopy()); err != nil {
			klog.ErrorS(err, "approve a certificate request", "name", csr.Name)
		}
	}
	_, err := requests.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, object any) { handle(object) },
	})
	return err
}

// isOfAgent reports whether a request is one for an agent of a member.
func isOfAgent(csr *certificatesv1.CertificateSigningRequest) bool {
	block, _ := pem.Decode(csr.Spec.Request)
	if block == nil || csr.Spec.SignerName != certificatesv1.KubeAPIServerClientSignerName {
		return false
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	return err == nil && slices.Equal(request.Subject.Organization, []string{"system:karmada:agents"}) &&
		strings.HasPrefix(request.Subject.CommonName, "system:karmada:agent:")
}

// approve approves a request, if its requestor has the right to have it approved.
func approve(ctx context.Context, client kubernetes.Interface, csr *certificatesv1.CertificateSigningRequest) error {
	review, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: csr.Spec.Username, UID: csr.Spec.UID, Groups: csr.Spec.Groups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: certificatesv1.GroupName, Resource: "certificatesigningrequests", Subresource: "clusteragent", Verb: "create", Version: "*",
			},
		},
	}, metav1.CreateOptions{})
	if err != nil || !review.Status.Allowed {
		return err
	}
	csr.Status.Conditions = append(csr.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "AutoApproved",
		Message: "Auto approving karmada agent certificate after SubjectAccessReview.",
	})
	_, err = client.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{})
	return err
}
