// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

// A csrOption changes a certificate request of a joiner.
type csrOption func(*certificatesv1.CertificateSigningRequest)

// joinersRequest returns a certificate request that a joiner sent some time ago.
func joinersRequest(t *testing.T, name string, ago time.Duration, options ...csrOption) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	csr, err := discovery.NewCertificateRequest(join.Karmada.Description().Request, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr.GenerateName, csr.Name = "", name
	csr.CreationTimestamp = metav1.NewTime(time.Now().Add(-ago).Truncate(time.Second))
	csr.Spec.Username, csr.Spec.Groups = "system:bootstrap:abcdef", []string{join.Karmada.Group(), "system:bootstrappers", "system:authenticated"}
	for _, option := range options {
		option(csr)
	}
	return csr
}

func withCondition(of certificatesv1.RequestConditionType, reason string, ago time.Duration) csrOption {
	return func(csr *certificatesv1.CertificateSigningRequest) {
		csr.Status.Conditions = append(csr.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
			Type: of, Status: corev1.ConditionTrue, Reason: reason, LastUpdateTime: metav1.NewTime(time.Now().Add(-ago)),
		})
	}
}

func signed(csr *certificatesv1.CertificateSigningRequest) {
	csr.Status.Certificate = []byte("certificate")
}

func clientOf(t *testing.T, server *apitest.Server) *kube.Client {
	t.Helper()
	c, err := kube.New(&rest.Config{Host: server.URL, BearerToken: apitest.AdminToken, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA}}, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// examined returns severity and evidence of a check, "" for no finding.
func examined(t *testing.T, server *apitest.Server, check string) string {
	t.Helper()
	findings, err := Examine(t.Context(), clientOf(t, server), join.Karmada)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Check == check {
			return string(f.Severity) + ": " + f.Evidence
		}
	}
	return ""
}

func TestApproverAndSignerAreJudgedByTheRequestsThatTheyLeave(t *testing.T) {
	t.Parallel()
	const unknown = "info: unknown"
	approved := func(ago time.Duration) csrOption {
		return withCondition(certificatesv1.CertificateApproved, autoApproved, ago)
	}
	byHand := withCondition(certificatesv1.CertificateApproved, "KubectlApprove", time.Minute)
	otherSubject := func(csr *certificatesv1.CertificateSigningRequest) {
		foreign := join.Karmada.Description().Request
		foreign.Subject = pkix.Name{CommonName: "alice"}
		other, err := discovery.NewCertificateRequest(foreign, rand.Reader)
		if err != nil {
			t.Error(err)
		}
		csr.Spec.Request = other.Spec.Request
	}
	for name, test := range map[string]struct {
		requests         []*certificatesv1.CertificateSigningRequest
		approver, signer string // the beginning of the findings; "": there is none
	}{
		"no request":  {nil, unknown, unknown},
		"one pending": {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute)}, "error: 1 certificate request of joiners not approved: a (for 1m", unknown},
		"younger than 10 s": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", 5*time.Second)}, unknown, unknown,
		},
		"issued": {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, approved(time.Minute), signed)}, "", ""},
		"pending from before the approver worked": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Hour), joinersRequest(t, "b", time.Minute, approved(time.Minute), signed)}, "", "",
		},
		"pending since the approver stopped": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Hour, approved(time.Hour), signed), joinersRequest(t, "b", time.Minute)}, "error: ", "",
		},
		"approved without a certificate": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, approved(time.Minute))}, "", "error: 1 certificate request of joiners approved, and without a certificate: a (for 1m",
		},
		"approved just now":                {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, approved(time.Second))}, "", unknown},
		"refused by the signer":            {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, approved(time.Minute), withCondition(certificatesv1.CertificateFailed, "", 0))}, "", unknown},
		"approved by hand":                 {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, byHand, signed)}, unknown, ""},
		"denied":                           {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, withCondition(certificatesv1.CertificateDenied, "", 0))}, unknown, unknown},
		"a subject that no approver knows": {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, otherSubject)}, unknown, unknown},
		"a requestor outside of the group": {[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, func(csr *certificatesv1.CertificateSigningRequest) { csr.Spec.Groups = nil })}, unknown, unknown},
		"a requestor without a bootstrap token": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, func(csr *certificatesv1.CertificateSigningRequest) { csr.Spec.Username = "alice" })}, unknown, unknown,
		},
		"another signer": {
			[]*certificatesv1.CertificateSigningRequest{joinersRequest(t, "a", time.Minute, func(csr *certificatesv1.CertificateSigningRequest) { csr.Spec.SignerName = "example.org/own" })}, unknown, unknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada)
			for _, csr := range test.requests {
				server.Put(csr)
			}
			for check, want := range map[string]string{checkApprover: test.approver, checkCSRSigner: test.signer} {
				if got := examined(t, server, check); !strings.HasPrefix(got, want) || want == "" && got != "" {
					t.Errorf("%s: %q, want %q", check, got, want)
				}
			}
		})
	}
}

func TestTheAgeOfARequestIsByTheServersClock(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.Clock(-time.Hour)
	server.Put(joinersRequest(t, "a", time.Hour)) // the server has created it just now
	if got := examined(t, server, checkApprover); !strings.HasPrefix(got, "info: unknown") {
		t.Errorf("found %q", got)
	}
}

func TestNobodyIsBlamedForRequestsThatLackedARight(t *testing.T) {
	t.Parallel()
	missing := apitest.New(t, apitest.Karmada)
	missing.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool {
		return access.Subresource == "clusteragent"
	})
	granted := apitest.New(t, apitest.Karmada)
	granted.Put(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: approverBinding}}) // just now
	forbidden := apitest.New(t, apitest.Karmada)
	forbidden.On(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", apitest.Refuse(
		apierrors.NewForbidden(schema.GroupResource{Resource: "subjectaccessreviews"}, "", errors.New("no"))))
	for name, server := range map[string]*apitest.Server{"the right is missing": missing, "the right is new": granted, "rights are unknown": forbidden} {
		server.Put(joinersRequest(t, "a", time.Minute))
		if got := examined(t, server, checkApprover); !strings.HasPrefix(got, "info: unknown") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhoMayNotListRequestsBlamesNobody(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.Put(joinersRequest(t, "a", time.Minute))
	server.On(http.MethodGet, requestsPath, apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: requests}, "", errors.New("no"))))
	for _, check := range []string{checkApprover, checkCSRSigner} {
		if got := examined(t, server, check); !strings.HasPrefix(got, "info: unknown: you may not list certificate requests") {
			t.Errorf("%s: %q", check, got)
		}
	}
}
