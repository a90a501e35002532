// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
)

// withoutRight returns a joinable Karmada control plane on which no joiner has one right.
func withoutRight(t *testing.T, verb, resource, subresource string) *apitest.Server {
	t.Helper()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool {
		return access.Resource == "*" || access.Verb == verb && access.Resource == resource && access.Subresource == subresource
	})
	return server
}

func TestNoCommandIsPrintedWhereAJoinLacksRights(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ verb, resource, subresource, text string }{
		"request":  {"create", "certificatesigningrequests", "", "may not create certificatesigningrequests.certificates.k8s.io"},
		"approval": {"create", "certificatesigningrequests", "clusteragent", "certificatesigningrequests.certificates.k8s.io/clusteragent"},
		"agent":    {"create", "events", "", "user system:karmada:agent:rbac-generator may not create events"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := withoutRight(t, test.verb, test.resource, test.subresource)
			put(t, server, joining("m1"), firstToken)
			s, _ := newSession(t, servers{"hub": server})
			err := wantFailures(t, mustCreate(t, withCommand(creation(s))).Failures, 0, "hub")[0].Err
			wantError(t, err, failure.Invalid, "a join would fail", test.text)
			wantText(t, hintOf(err), "joinctl setup ", "joinctl doctor ", " --context hub", "--no-verify")
			wantStored(t, server, "abcdef")

			out, err := command(s, session.Ref{Name: firstName}).Run(t.Context())
			check(t, err)
			wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.Invalid, test.text)

			a := withCommand(creation(s))
			a.Join.NoVerify = true
			wantFailures(t, mustCreate(t, a).Failures, 1)
		})
	}
}

func TestTheRightsAreThoseOfTheTokensGroups(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	var asked atomic.Bool
	server.On(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", apitest.Do(func(r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("system:bootstrappers:team-a")) {
			asked.Store(true)
		}
		if bytes.Contains(body, []byte(join.Karmada.Group())) {
			t.Errorf("asked for the rights of a group that the token is not in: %s", body)
		}
	}))
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.Spec.Groups = []string{"system:bootstrappers:team-a"}
	wantFailures(t, mustCreate(t, a).Failures, 1)
	requests := server.Requests()
	last, post := 0, slices.Index(requests, "POST "+secretsPath)
	for i, request := range requests {
		if request == accessReview {
			last = i
		}
	}
	if !asked.Load() || last == 0 || last > post {
		t.Errorf("the rights are not asked for before the token exists: %q", requests)
	}
}

func TestAnAdministratorWhoMayNotAskAboutRightsIsTold(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.On(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", refusal())
	s, shown := newSession(t, servers{"hub": server})
	created := mustCreate(t, withCommand(creation(s)))
	wantFailures(t, created.Failures, 1)
	wantText(t, shown.String(), "the rights that a join needs were not checked")
}

func TestTheRightsOfNodesAreNotJudgedOnAKarmadaControlPlane(t *testing.T) {
	t.Parallel()
	server := withoutRight(t, "create", "certificatesigningrequests", "")
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.Join.Joiner = join.Kubeadm
	wantFailures(t, mustCreate(t, a).Failures, 1)
	if slices.ContainsFunc(server.Requests(), func(r string) bool { return strings.Contains(r, "accessreviews") }) {
		t.Errorf("requests %q", server.Requests())
	}
}

// A command for an address that does not answer is as untested as one for a control plane that nobody can join.
func TestNoCommandIsPrintedForAnEndpointThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	put(t, server, joining("m1"), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	endpoint := adminEndpoint(t, apitest.Down(t))

	a := withCommand(creation(s))
	a.Join.Endpoint = endpoint
	err := wantFailures(t, mustCreate(t, a).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unreachable, endpoint.HostPort()+" cannot be reached from this machine")
	wantText(t, hintOf(err), "--endpoint HOST:PORT", "only their network reaches it", "--no-verify")
	wantStored(t, server, "abcdef")

	existing := command(s, session.Ref{Name: firstName})
	existing.Join.Endpoint = endpoint
	out, err := existing.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.Unreachable, "cannot be reached")

	a.Join.NoVerify = true
	wantFailures(t, mustCreate(t, a).Failures, 1)
}
