// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// The checks of the controllers that approve and sign the certificate requests of joiners. Their names are stable.
const (
	checkApprover  = "csr-approver"
	checkCSRSigner = "csr-signer"

	issuingTime = 10 * time.Second // each of the controllers takes less than a second

	// autoApproved is the reason of an approval by a controller. An operator approves with another reason
	// (karmada pkg/controllers/certificate/approver, k8s.io/kubernetes/pkg/controller/certificates/approver).
	autoApproved = "AutoApproved"
)

// An issuance is what the certificate requests of joiners show about their approver and their signer. A controller that
// handled a request works since then: earlier requests say nothing about it.
type issuance struct {
	approved time.Time // the newest request that the approver approved was created then; zero: there is none
	signed   time.Time // the newest approval of a request that has a certificate; zero: there is none
	pending  []waiting // requests that the approver should have approved
	unsigned []waiting // requests that the signer should have signed
}

// waiting is a request that waits for a controller.
type waiting struct {
	name  string
	since time.Time
}

// certificates infers from the certificate requests of joiners whether their approver and their signer run: the API does
// not tell. No blame without proof: who may not list the requests does not know.
func (e *examination) certificates(ctx context.Context) error {
	requests, err := e.c.CertificateRequests(ctx, e.joiner.Request.Signer)
	if failure.ReasonOf(err) == failure.Forbidden {
		for _, check := range []string{checkApprover, checkCSRSigner} {
			e.report(check, Info, forbiddenFix, "unknown: you may not list certificate requests: %v", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("list certificate requests: %w", err)
	}
	now, err := e.c.ServerTime(ctx)
	if err != nil {
		return err
	}
	var found issuance
	for i := range requests {
		found.add(&requests[i], e.joiner, now)
	}
	if err := e.approver(ctx, found, now); err != nil {
		return err
	}
	e.csrSigner(found, now)
	return nil
}

// add adds a request, if it is one of a joiner with a bootstrap token.
func (i *issuance) add(csr *certificatesv1.CertificateSigningRequest, joiner join.Description, now time.Time) {
	if !strings.HasPrefix(csr.Spec.Username, tokenUser) || csr.DeletionTimestamp != nil {
		return
	}
	created, overdue := csr.CreationTimestamp.Time, now.Add(-issuingTime)
	approval := conditionOf(csr, certificatesv1.CertificateApproved)
	if approval == nil {
		if len(csr.Status.Conditions) == 0 && created.Before(overdue) && isApprovable(csr, joiner) {
			i.pending = append(i.pending, waiting{csr.Name, created})
		}
		return
	}
	if approval.Reason == autoApproved && created.After(i.approved) {
		i.approved = created
	}
	at := approval.LastUpdateTime.Time
	if at.IsZero() {
		at = created
	}
	switch {
	case len(csr.Status.Certificate) > 0:
		if at.After(i.signed) {
			i.signed = at
		}
	case conditionOf(csr, certificatesv1.CertificateFailed) == nil && at.Before(overdue): // a signer that refuses a request runs
		i.unsigned = append(i.unsigned, waiting{csr.Name, at})
	}
}

func conditionOf(csr *certificatesv1.CertificateSigningRequest, of certificatesv1.RequestConditionType) *certificatesv1.CertificateSigningRequestCondition {
	for i, condition := range csr.Status.Conditions {
		if condition.Type == of && condition.Status != corev1.ConditionFalse {
			return &csr.Status.Conditions[i]
		}
	}
	return nil
}

// isApprovable reports whether the joiner's approver recognizes a request, and its requestor is in the group that has the
// right to get it approved.
func isApprovable(csr *certificatesv1.CertificateSigningRequest, joiner join.Description) bool {
	block, _ := pem.Decode(csr.Spec.Request)
	if block == nil || !slices.Contains(csr.Spec.Groups, joiner.Group) {
		return false
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || len(request.DNSNames)+len(request.EmailAddresses)+len(request.IPAddresses)+len(request.URIs) > 0 {
		return false
	}
	subject, known := request.Subject, joiner.Request
	return slices.Equal(subject.Organization, known.Subject.Organization) && strings.HasPrefix(subject.CommonName, known.NamePrefix) &&
		slices.Equal(approvedUsages(csr.Spec.Usages), approvedUsages(known.Usages))
}

// approvedUsages returns the usages that an approver compares: with key encipherment or without it is the same to it.
func approvedUsages(usages []certificatesv1.KeyUsage) []certificatesv1.KeyUsage {
	out := slices.DeleteFunc(slices.Clone(usages), func(usage certificatesv1.KeyUsage) bool { return usage == certificatesv1.UsageKeyEncipherment })
	slices.Sort(out)
	return slices.Compact(out)
}

// approver reports an approver that leaves requests alone. An approver does not look again when a right is granted, so
// requests that are older than the right say nothing.
func (e *examination) approver(ctx context.Context, found issuance, now time.Time) error {
	pending := later(found.pending, found.approved)
	if len(pending) > 0 && e.approval != nil {
		granted, err := e.grantedSince(ctx, *e.approval)
		if err != nil {
			return err
		}
		pending = later(pending, granted)
	}
	switch {
	case len(pending) > 0 && e.approval == nil:
		e.report(checkApprover, Info, e.joiner.SetUp.Rights, "unknown: requests wait for approval, and the right to get them approved is missing or was not checked: %s", ages(pending, now))
	case len(pending) > 0:
		e.report(checkApprover, Error, approverFix(e.joiner)+"; until then: kubectl certificate approve NAME",
			"%s of joiners not approved: %s", failure.Count(len(pending), "certificate request"), ages(pending, now))
	case found.approved.IsZero():
		e.report(checkApprover, Info, probeTells, "unknown: no certificate request of a joiner shows whether %s approves", e.joiner.Request.Approver)
	}
	return nil
}

// csrSigner reports a signer that leaves approved requests alone.
func (e *examination) csrSigner(found issuance, now time.Time) {
	unsigned := later(found.unsigned, found.signed)
	switch {
	case len(unsigned) > 0:
		e.report(checkCSRSigner, Error, csrSignerFix(e.joiner), "%s of joiners approved, and without a certificate: %s",
			failure.Count(len(unsigned), "certificate request"), ages(unsigned, now))
	case found.signed.IsZero():
		e.report(checkCSRSigner, Info, probeTells, "unknown: no certificate request of a joiner shows whether %s signs", e.joiner.Request.SigningController)
	}
}

func approverFix(joiner join.Description) string {
	return "the controller " + joiner.Request.Approver + " approves them: start it, and look into its log"
}

func csrSignerFix(joiner join.Description) string {
	return "the controller " + joiner.Request.SigningController + " signs them: start it with --cluster-signing-cert-file and -key-file, and look into its log"
}

// grantedSince returns when the newest object was created that grants rights; zero if none has the name that setup uses.
func (e *examination) grantedSince(ctx context.Context, grant Grant) (time.Time, error) {
	var since time.Time
	for _, object := range grant.Objects {
		switch err := e.c.Read(ctx, object); failure.ReasonOf(err) {
		case "":
		case failure.NotFound, failure.Forbidden:
			continue
		default:
			return since, fmt.Errorf("read %s: %w", Describe(object), err)
		}
		if created := object.GetCreationTimestamp(); created.After(since) {
			since = created.Time
		}
	}
	return since, nil
}

// later returns the requests that wait since a later time.
func later(requests []waiting, than time.Time) []waiting {
	return slices.DeleteFunc(requests, func(w waiting) bool { return !w.since.After(than) })
}

// ages lists requests by how long they wait.
func ages(requests []waiting, now time.Time) string {
	texts := make([]string, len(requests))
	for i, one := range requests {
		texts[i] = fmt.Sprintf("%s (for %s)", one.name, failure.Duration(now.Sub(one.since)))
	}
	return failure.Few(texts)
}
