// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
)

const (
	adminRequests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
	adminRequest  = adminRequests + "/*"
)

// requestWrites returns the methods of the requests that changed certificate signing requests.
func requestWrites(server *apitest.Server) []string {
	var methods []string
	for _, write := range adminWrites(server) {
		if method, path, _ := strings.Cut(write, " "); strings.HasPrefix(path, adminRequests) {
			methods = append(methods, method)
		}
	}
	return methods
}

func TestAProbeDeletesItsCertificateRequestBeforeItsToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if found.Failures.Any() {
		t.Fatal(found.Failures.Errors())
	}
	for _, check := range []string{"csr-approver", "csr-signer"} {
		if f := findingOf(found, check); f.Severity != controlplane.Info || !strings.HasPrefix(f.Evidence, "the probe's certificate request was ") {
			t.Errorf("%s: %+v", check, f)
		}
	}
	if got := requestWrites(server); !slices.Equal(got, []string{"POST", "DELETE"}) {
		t.Errorf("writes: %q", adminWrites(server))
	}
	wantNoToken(t, server)
}

func TestAProbeSendsNoCertificateRequestThatItMayNotDelete(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool {
		return access.Verb == "delete" && access.Resource == "certificatesigningrequests"
	})
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if f := findingOf(found, "csr-approver"); f.Severity != controlplane.Info || !strings.Contains(f.Evidence, "you may not delete certificatesigningrequests") {
		t.Errorf("found %+v", f)
	}
	if got := requestWrites(server); len(got) > 0 {
		t.Errorf("writes: %q", got)
	}
}

func TestAProbeSendsNoCertificateRequestThatIsNotApproved(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool {
		return access.Subresource == "clusteragent"
	})
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if f := findingOf(found, "csr-approver"); f.Severity != controlplane.Info || !strings.Contains(f.Evidence, "unknown") {
		t.Errorf("found %+v", f)
	}
	if got := requestWrites(server); len(got) > 0 {
		t.Errorf("writes: %q", got)
	}
}

func TestAProbeFindsItsCertificateRequestAfterALostAnswer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.On(http.MethodPost, adminRequests, apitest.LoseAnswer().Skip(1)) // the first is a dry run
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if found.Failures.Any() {
		t.Error(found.Failures.Errors())
	}
	if got := requestWrites(server); !slices.Contains(got, "DELETE") {
		t.Errorf("writes: %q", got)
	}
}

func TestAProbeThatCannotDeleteItsCertificateRequestSaysHow(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.On(http.MethodDelete, adminRequest, apitest.Refuse(adminForbidden("certificatesigningrequests")))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	adminWantFailure(t, found.Failures, failure.Forbidden, "certificatesigningrequest joinctl-probe-", "still exists in context hub", "kubectl delete certificatesigningrequest joinctl-probe-")
	wantNoToken(t, server)
}
