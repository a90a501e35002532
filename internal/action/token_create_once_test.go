// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"net/http"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/token"
)

// requestOf returns a certificate request of a token, approved and signed or neither.
func requestOf(name, id string, signed bool) *certificatesv1.CertificateSigningRequest {
	csr := &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: name}}
	csr.Spec.Username = "system:bootstrap:" + id
	if signed {
		csr.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue}}
		csr.Status.Certificate = []byte("certificate")
	}
	return csr
}

func TestATokenForOnceIsDeletedWhenItIsUsedOrNobodyUsesItInTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		requests  []*certificatesv1.CertificateSigningRequest
		interrupt bool
		left      int
		count     int
		text      string // of the error; "": none
	}{
		"used":             {[]*certificatesv1.CertificateSigningRequest{requestOf("a", "abcdef", true)}, false, 0, 1, ""},
		"used twice":       {[]*certificatesv1.CertificateSigningRequest{requestOf("a", "abcdef", false), requestOf("b", "abcdef", true)}, false, 0, 2, ""},
		"not approved":     {[]*certificatesv1.CertificateSigningRequest{requestOf("a", "abcdef", false)}, false, 0, 1, "token abcdef was deleted unused, after 2s"},
		"another one used": {[]*certificatesv1.CertificateSigningRequest{requestOf("a", "bbbbbb", true)}, false, 0, 0, "token abcdef was deleted unused, after 2s"},
		"interrupted":      {nil, true, 1, 0, "token abcdef still exists in context a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			s, _ := newSession(t, servers{"a": server})
			a := TokenCreate{
				Session: s, Token: parse(t, firstToken), TTL: time.Hour, Spec: joining(""), Once: true, OnceTimeout: 2 * time.Second,
				Deliver: func(*CreatedTokens) error { return nil },
			}
			created, err := a.Run(t.Context())
			check(t, err)
			for _, request := range test.requests {
				server.Put(request)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			uses, err := a.DeleteAfterUse(ctx, created.Tokens[0], func(token.Uses) {
				if test.interrupt {
					cancel()
				}
			})
			if test.text == "" {
				check(t, err)
			} else {
				wantError(t, err, failure.ReasonOf(err), test.text)
			}
			if left := len(server.Secrets("kube-system")); left != test.left || uses.Count != test.count {
				t.Errorf("%d tokens are left, uses are %+v", left, uses)
			}
		})
	}
}

func TestATokenForOnceIsDeletedWhenItsClusterIsReady(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		forbidden bool   // Clusters may not be listed
		becomes   string // the cluster that becomes Ready
		text      string // of the error; "": none
	}{
		"the cluster of the token":      {false, "m1", ""},
		"another cluster":               {false, "m2", "token abcdef was deleted unused, after 2s"},
		"Clusters that may not be read": {true, "m1", "token abcdef was deleted unused, after 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada)
			s, _ := newSession(t, servers{"a": server})
			a := TokenCreate{
				Session: s, Token: parse(t, firstToken), TTL: time.Hour, Spec: joining(""), Clusters: []string{"m1"}, Once: true, OnceTimeout: 2 * time.Second,
				Deliver: func(*CreatedTokens) error { return nil },
			}
			created, err := a.Run(t.Context())
			check(t, err)
			server.PutCluster("m1", false) // it registers, without a certificate request that can be seen
			if test.forbidden {
				server.On(http.MethodGet, clustersPath, apitest.Refuse(adminForbidden("clusters")))
			}
			polls := 0
			uses, err := a.DeleteAfterUse(t.Context(), created.Tokens[0], func(token.Uses) {
				if left := len(server.Secrets("kube-system")); left != 1 {
					t.Errorf("%d tokens exist before the cluster is Ready", left)
				}
				if polls++; polls == 1 {
					server.PutCluster(test.becomes, true)
				}
			})
			if test.text == "" {
				check(t, err)
			} else {
				wantError(t, err, failure.ReasonOf(err), test.text)
			}
			if left := len(server.Secrets("kube-system")); left != 0 || uses.Count != 0 || polls < 2 {
				t.Errorf("%d tokens are left after %d polls, uses are %+v", left, polls, uses)
			}
		})
	}
}

func TestNoTokenForOnceIsCreatedByWhoCannotSeeItsUse(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodGet, "/apis/certificates.k8s.io/v1/certificatesigningrequests", refusal())
	s, _ := newSession(t, servers{"a": server})
	a := TokenCreate{Session: s, Spec: joining(""), Once: true, OnceTimeout: time.Second}
	a.Deliver = func(*CreatedTokens) error { return nil }
	created, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, created.Failures, 0, "a")[0].Err, failure.Forbidden)
	if left := len(server.Secrets("kube-system")); left != 0 {
		t.Errorf("%d tokens exist", left)
	}
}
