// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// pendingRequest returns a certificate request that was sent with a token and has no answer yet.
func pendingRequest(name, id string) *certificatesv1.CertificateSigningRequest {
	return &certificatesv1.CertificateSigningRequest{
		TypeMeta:   metav1.TypeMeta{APIVersion: "certificates.k8s.io/v1", Kind: "CertificateSigningRequest"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Username: "system:bootstrap:" + id, SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
		},
	}
}

func TestATokenWithARequestThatWaitsIsDeletedOnlyIfThatIsConfirmed(t *testing.T) {
	t.Parallel()
	issued := pendingRequest("csr-2", "bbbbbb")
	issued.Status.Certificate = []byte("certificate")
	issued.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue}}
	spec := joining("")
	spec.Usages = []string{token.Signing}
	for name, test := range map[string]struct {
		prepare  func(*apitest.Server)
		dryRun   DryRun
		noAsking bool // --yes
		decline  bool
		asked    []string
		requests []string
		left     []string
	}{
		"confirmed": {
			asked: []string{"abcdef csr-1"}, requests: []string{getFirst, getSecond, requestList, deleteFirst, deleteSecond},
		},
		"declined": {
			decline: true, asked: []string{"abcdef csr-1"}, requests: []string{getFirst, getSecond, requestList, deleteSecond}, left: []string{"abcdef"},
		},
		"--yes":     {noAsking: true, requests: []string{getFirst, getSecond, deleteFirst, deleteSecond}},
		"a dry run": {dryRun: Server, requests: []string{getFirst, getSecond, deleteFirst + "?dryRun=All", deleteSecond + "?dryRun=All"}, left: []string{"abcdef", "bbbbbb"}},
		"the tokens have expired": {
			prepare:  func(s *apitest.Server) { put(t, s, expired(), firstToken, secondToken) },
			requests: []string{getFirst, getSecond, requestList, deleteFirst, deleteSecond},
		},
		"the tokens cannot authenticate": {
			prepare:  func(s *apitest.Server) { put(t, s, spec, firstToken, secondToken) },
			requests: []string{getFirst, getSecond, deleteFirst, deleteSecond},
		},
		"requests are not served": {
			prepare: func(s *apitest.Server) {
				s.On(http.MethodGet, adminRequests, apitest.Refuse(apierrors.NewNotFound(certificatesv1.Resource("certificatesigningrequests"), "")))
			},
			requests: []string{getFirst, getSecond, requestList, deleteFirst, deleteSecond},
		},
		"the secrets cannot be read": {
			prepare: func(s *apitest.Server) { s.On(http.MethodGet, anySecret, refusal()) },
			asked:   []string{"abcdef csr-1"}, requests: []string{getFirst, getSecond, requestList, deleteFirst, deleteSecond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			put(t, server, joining(""), firstToken, secondToken)
			server.Put(pendingRequest("csr-1", "abcdef"), issued, pendingRequest("csr-3", "zzzzzz"))
			if test.prepare != nil {
				test.prepare(server)
			}
			s, shown := newSession(t, servers{"a": server})
			var asked []string
			a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}, DryRun: test.dryRun}
			if !test.noAsking {
				a.ConfirmPending = func(one DeletedToken, uses token.Uses) bool {
					asked = append(asked, token.Ref{Name: one.Object.Name}.String()+" "+strings.Join(uses.Waiting, " "))
					return !test.decline
				}
			}
			_, failures, err := a.Run(t.Context())
			check(t, err)
			if test.decline {
				wantError(t, wantFailures(t, failures, 1, "a")[0].Err, failure.Internal, "token abcdef was left as it is: not confirmed")
			} else {
				wantFailures(t, failures, 2)
			}
			if !slices.Equal(asked, test.asked) || shown.String() != "" {
				t.Errorf("asked %q: %s", asked, shown)
			}
			wantRequests(t, server, test.requests...)
			wantStored(t, server, test.left...)
		})
	}
}

func TestRequestsThatCannotBeReadAreWarnedOfOnceAndKeepNoTokenAlive(t *testing.T) {
	t.Parallel()
	yes := func([]PrunedToken) bool { return true }
	for name, run := range map[string]func(*session.Session) (*session.Failures, error){
		"delete": func(s *session.Session) (*session.Failures, error) {
			a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}, ConfirmPending: func(DeletedToken, token.Uses) bool { return false }}
			_, failures, err := a.Run(t.Context())
			return failures, err
		},
		"prune": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenPrune{Session: s, Options: token.PruneOptions{NeverExpires: true}, Confirm: yes}).Run(t.Context())
			return failures, err
		},
		"rotate": func(s *session.Session) (*session.Failures, error) {
			rotated, err := rotation(s, deleteOld).Run(t.Context())
			return rotated.Failures, err
		},
	} {
		for why, fault := range map[string]apitest.Fault{"not allowed": refusal(), "closed without an answer": apitest.LoseRequest()} {
			server := apitest.New(t)
			put(t, server, joining(""), firstToken, secondToken)
			server.On(http.MethodGet, adminRequests, fault)
			s, shown := newSession(t, servers{"a": server})
			failures, err := run(s)
			check(t, err)
			if len(failures.All()) > 0 {
				t.Errorf("%s, %s: %v", name, why, failures.All())
			}
			const warning = "joinctl: warning: cannot tell whether a joiner still waits for its certificate: list certificate requests: "
			if strings.Count(shown.String(), warning) != 1 || !strings.Contains(shown.String(), why) {
				t.Errorf("%s, %s: shows %s", name, why, shown)
			}
			if slices.Contains(stored(server), "abcdef") {
				t.Errorf("%s, %s: the token stays", name, why)
			}
		}
	}
}

func TestATokenThatIsNowhereIsReportedWithWhereItWasLookedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refs       []session.Ref
		notThere   bool // Everywhere is off
		cannotRead bool
		want       []string
	}{
		"nowhere":                    {[]session.Ref{missingToken}, false, false, []string{"token zzzzzz: a b"}},
		"not everywhere":             {[]session.Ref{missingToken}, true, false, nil},
		"somewhere":                  {[]session.Ref{byID}, false, false, nil},
		"each by itself":             {[]session.Ref{byID, missingToken, {Cluster: "m9"}}, false, false, []string{"token zzzzzz: a b", "token for cluster m9: a b"}},
		"qualified, so a failure":    {[]session.Ref{{Context: "a", Name: "bootstrap-token-zzzzzz"}}, false, false, nil},
		"deleted without being read": {[]session.Ref{byID}, false, true, nil},
		"nowhere, and not read":      {[]session.Ref{missingToken}, false, true, []string{"token zzzzzz: a b"}},
	} {
		all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
		put(t, all["a"], joining(""), firstToken)
		for _, server := range []*apitest.Server{all["a"], all["b"]} {
			if test.cannotRead {
				server.On(http.MethodGet, anySecret, refusal())
			}
		}
		s, _ := newSession(t, all)
		var got []string
		a := TokenDelete{Session: s, Refs: test.refs, Everywhere: !test.notThere, Nowhere: func(token string, searched []fleet.Target) {
			for _, target := range searched {
				token += " " + target.Context
			}
			got = append(got, strings.Replace(token, " a", ": a", 1))
		}}
		_, _, err := a.Run(t.Context())
		check(t, err)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
