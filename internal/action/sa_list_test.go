// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

const bindsLabel = "?labelSelector=joinctl.io/binds=serviceaccount-token"

// revocationOf returns the Secret of a revocable token of robot that expires after a time; 0: unknown.
func revocationOf(namespace, name string, after time.Duration) *corev1.Secret {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name,
		Labels:      map[string]string{"joinctl.io/binds": "serviceaccount-token"},
		Annotations: map[string]string{"joinctl.io/serviceaccount": "robot"},
	}}
	if after != 0 {
		secret.Annotations["joinctl.io/expires"] = time.Now().Add(after).UTC().Format(time.RFC3339)
	}
	return secret
}

// namesOfRevocable returns CONTEXT/NAMESPACE/NAME of revocable tokens.
func namesOfRevocable(listed []RevocableToken) []string {
	var names []string
	for _, one := range listed {
		names = append(names, one.Target.Context+"/"+one.Secret.Account.Namespace+"/"+one.Secret.Name)
	}
	return names
}

func TestRevocableTokensAreListedOfEveryTargetThatAnswers(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.Down(t), "c": apitest.New(t)}
	all["a"].Put(revocationOf("default", "t2", time.Hour), revocationOf("default", "t1", -time.Hour), revocationOf("ci", "t3", time.Hour))
	all["a"].Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "other"}})
	all["c"].Put(revocationOf("default", "t1", 0))
	all["c"].Clock(2 * time.Hour)
	s, _ := newSession(t, all)
	listed, failures, err := (&SAList{Session: s}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 2, "b")[0].Err, failure.Unreachable, "list revocable tokens")
	if got := namesOfRevocable(listed); !slices.Equal(got, []string{"a/default/t1", "a/default/t2", "c/default/t1"}) {
		t.Fatalf("listed %q", got)
	}
	wantRequests(t, all["a"], "GET "+defaultSecrets+bindsLabel)
	if !listed[0].Now.After(listed[0].Secret.Expires) || !listed[2].Secret.Expires.IsZero() || time.Until(listed[2].Now) < time.Hour {
		t.Errorf("listed %+v", listed)
	}
	if want := (satoken.Account{Namespace: "default", Name: "robot"}); listed[0].Secret.Account != want {
		t.Errorf("listed a token of %s", listed[0].Secret.Account)
	}
}

func TestRevocableTokensOfAllNamespacesAreListed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Put(revocationOf("default", "t2", time.Hour), revocationOf("ci", "t3", time.Hour))
	s, _ := newSession(t, servers{"hub": server})
	listed, failures, err := (&SAList{Session: s, AllNamespaces: true}).Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	if got := namesOfRevocable(listed); !slices.Equal(got, []string{"hub/ci/t3", "hub/default/t2"}) {
		t.Errorf("listed %q", got)
	}
	wantRequests(t, server, "GET /api/v1/secrets"+bindsLabel)
}

func TestAServerThatRefusesTheListNamesTheRight(t *testing.T) {
	t.Parallel()
	for allNamespaces, scope := range map[bool]string{false: "namespace default", true: "all namespaces"} {
		server := apitest.New(t)
		server.On(http.MethodGet, "", refusal())
		s, _ := newSession(t, servers{"hub": server})
		_, failures, err := (&SAList{Session: s, AllNamespaces: allNamespaces}).Run(t.Context())
		check(t, err)
		refused := wantFailures(t, failures, 0, "hub")[0].Err
		wantError(t, refused, failure.Forbidden, "list revocable tokens")
		wantHint(t, refused, "the verb list on secrets in "+scope)
	}
}

func TestRevocableTokensOfMembersAreListed(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.Put(revocationOf("default", "t1", time.Hour))
	hub.AddMember("m2", apitest.Down(t))
	s, _ := newSession(t, servers{"hub": hub}, func(s *session.Session) { s.Members.All = true })
	listed, failures, err := (&SAList{Session: s}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 1, "hub")[0].Err, failure.Unreachable, "the control plane cannot reach member m2")
	if len(listed) != 1 || listed[0].Target.Member != "m1" {
		t.Errorf("listed %v", listed)
	}
}

func TestASelectionThatCannotBeMadeListsNothing(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	_, _, err := (&SAList{Session: s}).Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}
