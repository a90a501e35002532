// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	probeCertificateLife = 600 // seconds, the least that the server accepts (k8s.io/api/certificates/v1/types.go)
	pollInterval         = 200 * time.Millisecond
)

// CannotRequest says why the probe sends no certificate request, once the join is replayed: a request would not be approved,
// or this client may not delete it. It returns "" if nothing speaks against a request. The error is the API's own.
func (p *PreparedProbe) CannotRequest(ctx context.Context, c *kube.Client) (string, error) {
	if !p.mayRequest {
		return "the probe did not get as far as a certificate request", nil
	}
	deletion := kube.Access{Verb: "delete", Group: certificates, Resource: requests}
	allowed, err := c.MayI(ctx, deletion)
	if err != nil {
		return "", fmt.Errorf("ask whether you may %s: %w", deletion, err)
	}
	if !allowed {
		return "you may not " + deletion.String() + ", so the probe sends no certificate request", nil
	}
	return "", nil
}

// NewRequest returns a certificate request that the approver recognizes, for a name that nobody has and for ten minutes.
// Its key is thrown away. The error says that there is no randomness.
func (p *PreparedProbe) NewRequest() (*certificatesv1.CertificateSigningRequest, error) {
	request := p.probe.Joiner.Description().Request
	request.Subject.CommonName = request.NamePrefix + "joinctl-probe"
	csr, err := discovery.NewCertificateRequest(request, p.probe.Member.Rand)
	if err != nil {
		return nil, err
	}
	seconds := int32(probeCertificateLife)
	csr.GenerateName, csr.Name = "", "joinctl-probe-"+p.probe.Token.ID
	csr.Spec.ExpirationSeconds = &seconds
	return csr, nil
}

// WaitIssued waits until a request has a certificate, and returns the findings about its approver and its signer. c reads
// with the token, as a joiner does. If the context ends, the findings are not complete.
func (p *PreparedProbe) WaitIssued(ctx context.Context, c *kube.Client, csr *certificatesv1.CertificateSigningRequest) []Finding {
	patience, waited := cmp.Or(p.probe.Issuing, issuingTime), time.Duration(0)
	var err error
	for {
		err = c.Read(ctx, csr)
		decided := len(csr.Status.Certificate) > 0 || conditionOf(csr, certificatesv1.CertificateDenied) != nil || conditionOf(csr, certificatesv1.CertificateFailed) != nil
		if decided || waited >= patience {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollInterval):
			waited += pollInterval
		}
	}
	if err != nil {
		return UnknownIssuance(fmt.Sprintf("the probe's certificate request cannot be read: %v", err))
	}
	return p.issued(csr, patience)
}

// issued returns the findings about a request, once it is decided or its time is over.
func (p *PreparedProbe) issued(csr *certificatesv1.CertificateSigningRequest, patience time.Duration) []Finding {
	joiner := p.probe.Joiner.Description()
	if denied := conditionOf(csr, certificatesv1.CertificateDenied); denied != nil {
		return UnknownIssuance(fmt.Sprintf("somebody denied the probe's certificate request: %s (%s)", denied.Message, denied.Reason))
	}
	if conditionOf(csr, certificatesv1.CertificateApproved) == nil {
		return []Finding{
			{Check: checkApprover, Severity: Error, Evidence: fmt.Sprintf("the probe's certificate request was not approved within %s", patience), Fix: approverFix(joiner)},
			unknownIssuance(checkCSRSigner, "the probe's certificate request was not approved"),
		}
	}
	approved := Finding{Check: checkApprover, Severity: Info, Evidence: "the probe's certificate request was approved"}
	failed := conditionOf(csr, certificatesv1.CertificateFailed)
	switch {
	case len(csr.Status.Certificate) > 0:
		return []Finding{approved, {Check: checkCSRSigner, Severity: Info, Evidence: "the probe's certificate request was signed"}}
	case failed != nil:
		return []Finding{approved, {
			Check: checkCSRSigner, Severity: Error, Fix: csrSignerFix(joiner),
			Evidence: fmt.Sprintf("the signer refused the probe's certificate request: %s (%s)", failed.Message, failed.Reason),
		}}
	}
	return []Finding{approved, {
		Check: checkCSRSigner, Severity: Error, Fix: csrSignerFix(joiner),
		Evidence: fmt.Sprintf("the probe's certificate request was approved, and not signed within %s", patience),
	}}
}

// UnknownIssuance returns the findings for a probe that shows nothing about the approver and the signer, and why not.
func UnknownIssuance(why string) []Finding {
	return []Finding{unknownIssuance(checkApprover, why), unknownIssuance(checkCSRSigner, why)}
}

func unknownIssuance(check, why string) Finding {
	return Finding{Check: check, Severity: Info, Evidence: "unknown: " + why, undecided: true}
}

// Supersede adds the findings of a probe to those of an examination, in place of what the examination could not tell about
// the same check, or saw of earlier joins.
func Supersede(examined, probed []Finding) []Finding {
	for _, f := range probed {
		examined = slices.DeleteFunc(examined, func(old Finding) bool {
			return old.Check == f.Check && (old.Severity == Info || !f.undecided)
		})
	}
	return append(examined, probed...)
}
