// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	certificatesGroup = "certificates.k8s.io"
	csrResource       = "certificatesigningrequests"
)

// request asks whether the token can request a certificate, and whether the request is approved.
func (r *replay) request(ctx context.Context, bearer *kube.Client) {
	r.createCSR(ctx, bearer)
	r.may(ctx, bearer, stepApproval, kube.Access{Verb: "create", Group: certificatesGroup, Resource: csrResource, Subresource: r.joiner.Request.Approval},
		r.granting("grants it to")+"; without it someone has to approve the request by hand while the joiner waits: kubectl certificate approve")
	if step := r.steps[stepApproval]; step.Status == OK {
		r.ok(stepApproval, "%s, so its request is approved, provided that the approver runs", step.Cause)
	}
}

// createCSR sends the joiner's first certificate signing request, as a dry run.
func (r *replay) createCSR(ctx context.Context, bearer *kube.Client) {
	fix := r.granting("binds ClusterRole system:node-bootstrapper to")
	csr, err := r.certificateRequest()
	if err != nil {
		r.add(stepCSR, Warning, "", "whether the token may request a certificate cannot be told: %v", err)
		return
	}
	bounding, cancel := r.bounded(ctx)
	defer cancel()
	err = bearer.Create(bounding, csr, true)
	if r.unanswered(stepCSR, "whether the token may request a certificate", err) {
		return
	}
	if notAPI(err) {
		r.add(stepCSR, Failed, notAPIFix, "what answers the request for a certificate is no Kubernetes API server: %v", shortCause(err))
		return
	}
	switch failure.ReasonOf(err) {
	case "":
		r.may(ctx, bearer, stepCSR, kube.Access{Verb: "get", Group: certificatesGroup, Resource: csrResource}, fix)
		if r.steps[stepCSR].Status == OK {
			r.ok(stepCSR, "the token may create a certificate signing request (a dry run was admitted) and read it")
		}
	case failure.Forbidden:
		r.add(stepCSR, Failed, fix, "the token may not request a certificate: %v", err)
	default:
		r.add(stepCSR, Warning, "", "whether the token may request a certificate cannot be told: %v", shortCause(err))
	}
}

// granting says which command grants rights to the group of the joiner's tokens.
func (r *replay) granting(does string) string {
	return fmt.Sprintf("%s, on the control plane, %s the group %s, in which the token has to be", r.joiner.SetUp.Command, does, r.joiner.Group)
}

// certificateRequest returns the first certificate signing request of the joiner, for a key that is thrown away.
func (r *replay) certificateRequest() (*certificatesv1.CertificateSigningRequest, error) {
	return NewCertificateRequest(r.joiner.Request, r.Rand)
}
