// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"reflect"
	"slices"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// requestFor returns the PEM of a certificate request for a common name.
func requestFor(t *testing.T, commonName string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

// sentBy returns a request of a user, created at a time.
func sentBy(user, name string, created time.Time, pemRequest []byte, conditions ...certificatesv1.RequestConditionType) certificatesv1.CertificateSigningRequest {
	out := certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(created)},
		Spec:       certificatesv1.CertificateSigningRequestSpec{Username: user, Request: pemRequest},
	}
	for _, kind := range conditions {
		out.Status.Conditions = append(out.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: kind, Status: corev1.ConditionTrue})
	}
	return out
}

func issued(request certificatesv1.CertificateSigningRequest) certificatesv1.CertificateSigningRequest {
	request.Status.Certificate = []byte("certificate")
	return request
}

func TestUsesAreTheCertificateRequestsOfATokensUser(t *testing.T) {
	const user, approved = "system:bootstrap:abcdef", certificatesv1.CertificateApproved
	first := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	later := first.Add(time.Minute)
	m1, m2 := requestFor(t, "system:node:m1"), requestFor(t, "system:node:m2")
	for name, test := range map[string]struct {
		requests []certificatesv1.CertificateSigningRequest
		want     map[string]Uses
	}{
		"none": {want: map[string]Uses{}},
		"pending": {
			requests: []certificatesv1.CertificateSigningRequest{sentBy(user, "csr-1", first, m1)},
			want:     map[string]Uses{"abcdef": {Count: 1, Pending: 1, Last: first, By: []string{"system:node:m1"}, Waiting: []string{"csr-1"}}},
		},
		"approved, not issued yet": {
			requests: []certificatesv1.CertificateSigningRequest{sentBy(user, "csr-1", first, m1, approved)},
			want:     map[string]Uses{"abcdef": {Count: 1, Approved: 1, Last: first, By: []string{"system:node:m1"}, Waiting: []string{"csr-1"}}},
		},
		"issued": {
			requests: []certificatesv1.CertificateSigningRequest{issued(sentBy(user, "csr-1", first, m1, approved))},
			want:     map[string]Uses{"abcdef": {Count: 1, Approved: 1, Last: first, By: []string{"system:node:m1"}}},
		},
		"denied, also if it was approved": {
			requests: []certificatesv1.CertificateSigningRequest{
				sentBy(user, "csr-1", first, m1, certificatesv1.CertificateDenied),
				sentBy(user, "csr-2", first, m1, approved, certificatesv1.CertificateDenied),
			},
			want: map[string]Uses{"abcdef": {Count: 2, Denied: 2, Last: first, By: []string{"system:node:m1"}}},
		},
		"approved, and the signer failed": {
			requests: []certificatesv1.CertificateSigningRequest{sentBy(user, "csr-1", first, m1, approved, certificatesv1.CertificateFailed)},
			want:     map[string]Uses{"abcdef": {Count: 1, Approved: 1, Last: first, By: []string{"system:node:m1"}}},
		},
		"many, in any order": {
			requests: []certificatesv1.CertificateSigningRequest{
				sentBy(user, "csr-3", later, m2), sentBy(user, "csr-1", first, m1), issued(sentBy(user, "csr-2", first, m2, approved)),
			},
			want: map[string]Uses{"abcdef": {
				Count: 3, Pending: 2, Approved: 1, Last: later,
				By: []string{"system:node:m1", "system:node:m2"}, Waiting: []string{"csr-1", "csr-3"},
			}},
		},
		"each token by itself": {
			requests: []certificatesv1.CertificateSigningRequest{sentBy(user, "csr-1", first, m1), sentBy("system:bootstrap:bbbbbb", "csr-2", later, m2)},
			want: map[string]Uses{
				"abcdef": {Count: 1, Pending: 1, Last: first, By: []string{"system:node:m1"}, Waiting: []string{"csr-1"}},
				"bbbbbb": {Count: 1, Pending: 1, Last: later, By: []string{"system:node:m2"}, Waiting: []string{"csr-2"}},
			},
		},
		"other users": {
			requests: []certificatesv1.CertificateSigningRequest{
				sentBy("system:node:m1", "csr-1", first, m1), sentBy("system:bootstrap:", "csr-2", first, m1),
				sentBy("system:bootstrap:abcdef.0123456789abcdef", "csr-3", first, m1), sentBy("abcdef", "csr-4", first, m1),
			},
			want: map[string]Uses{},
		},
		"a request that cannot be read": {
			requests: []certificatesv1.CertificateSigningRequest{
				sentBy(user, "csr-1", first, nil), sentBy(user, "csr-2", first, []byte("no PEM")), sentBy(user, "csr-3", time.Time{}, requestFor(t, "")),
				sentBy(user, "csr-4", first, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte("no DER")})),
			},
			want: map[string]Uses{"abcdef": {Count: 4, Pending: 4, Last: first, Waiting: []string{"csr-1", "csr-2", "csr-3", "csr-4"}}},
		},
	} {
		if got := UsesOf(test.requests); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestUsesLeaveTheRequestsAsTheyAre(t *testing.T) {
	requests := []certificatesv1.CertificateSigningRequest{sentBy("system:bootstrap:abcdef", "csr-2", time.Time{}, nil), sentBy("system:bootstrap:abcdef", "csr-1", time.Time{}, nil)}
	before := slices.Clone(requests)
	if UsesOf(requests); !reflect.DeepEqual(requests, before) {
		t.Errorf("changed to %+v", requests)
	}
}
