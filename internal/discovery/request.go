// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	certificatesGroup = "certificates.k8s.io"
	csrResource       = "certificatesigningrequests"
)

// requests asks whether the token may have a certificate requested and approved.
func (r *replay) requests(ctx context.Context, bearer *kube.Client) {
	r.request(ctx, bearer)
	subresource := "clusteragent"
	if r.attempt.Joiner == join.Kubeadm {
		subresource = "nodeclient"
	}
	r.may(ctx, bearer, stepApproval, kube.Access{Verb: "create", Group: certificatesGroup, Resource: csrResource, Subresource: subresource},
		r.granting("grants it to")+"; without it someone has to approve the request by hand while the joiner waits: kubectl certificate approve")
	if step := r.steps[stepApproval]; step.Status == OK {
		r.ok(stepApproval, "%s, so that its request is approved, provided that the approver runs", step.Cause)
	}
}

// request sends the joiner's first certificate signing request, as a dry run.
func (r *replay) request(ctx context.Context, bearer *kube.Client) {
	remedy := r.granting("binds ClusterRole system:node-bootstrapper to")
	csr, err := r.certificateRequest()
	if err != nil {
		r.add(stepCSR, Warning, "", "whether the token may request a certificate cannot be told: %v", err)
		return
	}
	bounding, cancel := bounded(ctx)
	defer cancel()
	switch err := bearer.DryRunCertificateRequest(bounding, csr); failure.ReasonOf(err) {
	case "":
		r.may(ctx, bearer, stepCSR, kube.Access{Verb: "get", Group: certificatesGroup, Resource: csrResource}, remedy)
		if r.steps[stepCSR].Status == OK {
			r.ok(stepCSR, "the token may create a certificate signing request (a dry run was admitted) and read it")
		}
	case failure.Forbidden:
		r.add(stepCSR, Failed, remedy, "the token may not request a certificate: %v", err)
	default:
		r.add(stepCSR, Warning, "", "whether the token may request a certificate cannot be told: %v", shortCause(err))
	}
}

// granting names what gives rights to the joiner's usual group.
func (r *replay) granting(does string) string {
	program := "joinctl setup"
	if r.attempt.Joiner == join.Kubeadm {
		program = "kubeadm init phase bootstrap-token"
	}
	return fmt.Sprintf("%s, on the control plane, %s the group %s, in which the token has to be", program, does, r.attempt.Joiner.Group())
}

// certificateRequest makes the request that each joiner makes first (karmada pkg/karmadactl/register/register.go;
// pkg/kubelet/certificate/bootstrap/bootstrap.go), for a key that nobody keeps.
func (r *replay) certificateRequest() (*certificatesv1.CertificateSigningRequest, error) {
	subject := pkix.Name{CommonName: "system:karmada:agent:rbac-generator", Organization: []string{"system:karmada:agents"}}
	signer, usages := certificatesv1.KubeAPIServerClientSignerName, []certificatesv1.KeyUsage{
		certificatesv1.UsageDigitalSignature, certificatesv1.UsageKeyEncipherment, certificatesv1.UsageClientAuth,
	}
	if r.attempt.Joiner == join.Kubeadm {
		subject = pkix.Name{CommonName: "system:node:joinctl-check", Organization: []string{"system:nodes"}}
		signer, usages = certificatesv1.KubeAPIServerClientKubeletSignerName, []certificatesv1.KeyUsage{
			certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth,
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), r.Rand)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(r.Rand, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate signing request: %w", err)
	}
	return &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "joinctl-check-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			SignerName: signer,
			Usages:     usages,
		},
	}, nil
}
