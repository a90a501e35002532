// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

// Uses are the certificate signing requests that were sent with one token. The server deletes requests after a time: the
// approved and the denied ones after an hour, the others after a day
// (k8s.io/kubernetes/pkg/controller/certificates/cleaner/cleaner.go).
type Uses struct {
	Count    int
	Pending  int       // neither approved nor denied
	Approved int       // also those that the signer failed to sign
	Denied   int       // also those that were approved before
	Last     time.Time // when the last request was created; zero: the server did not say
	By       []string  // the common names that were asked for, such as system:node:member1, sorted, each once
	Waiting  []string  // the names of the requests that can still get a certificate: the joiner waits for it with the token
}

// UsesOf returns the uses of tokens by token ID. A token without requests has no entry. The server sets the user of a
// request; the common name is the sender's choice.
func UsesOf(requests []certificatesv1.CertificateSigningRequest) map[string]Uses {
	out := map[string]Uses{}
	for i := range requests {
		request := &requests[i]
		id, ok := strings.CutPrefix(request.Spec.Username, bootstrapapi.BootstrapUserPrefix)
		if !ok || !bootstraputil.IsValidBootstrapTokenID(id) {
			continue
		}
		uses := out[id]
		uses.add(request)
		out[id] = uses
	}
	for _, uses := range out {
		slices.Sort(uses.By)
		slices.Sort(uses.Waiting)
	}
	return out
}

func (u *Uses) add(request *certificatesv1.CertificateSigningRequest) {
	u.Count++
	approved := hasCondition(request, certificatesv1.CertificateApproved)
	denied := hasCondition(request, certificatesv1.CertificateDenied)
	switch {
	case denied:
		u.Denied++
	case approved:
		u.Approved++
	default:
		u.Pending++
	}
	if !denied && !hasCondition(request, certificatesv1.CertificateFailed) && len(request.Status.Certificate) == 0 {
		u.Waiting = append(u.Waiting, request.Name)
	}
	if created := request.CreationTimestamp.Time; created.After(u.Last) {
		u.Last = created
	}
	if name := commonName(request.Spec.Request); name != "" && !slices.Contains(u.By, name) {
		u.By = append(u.By, name)
	}
}

// hasCondition reports whether a request has a condition. Old servers leave its status empty, which means true.
func hasCondition(request *certificatesv1.CertificateSigningRequest, kind certificatesv1.RequestConditionType) bool {
	return slices.ContainsFunc(request.Status.Conditions, func(condition certificatesv1.CertificateSigningRequestCondition) bool {
		return condition.Type == kind && condition.Status != corev1.ConditionFalse
	})
}

// commonName returns the common name that a request in PEM asks for, "" if it has none or cannot be read.
func commonName(request []byte) string {
	block, _ := pem.Decode(request)
	if block == nil {
		return ""
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return ""
	}
	return parsed.Subject.CommonName
}
