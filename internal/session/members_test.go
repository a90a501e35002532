// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

const listClusters = "/apis/cluster.karmada.io/v1alpha1/clusters"

// hubWith starts a Karmada control plane with members.
func hubWith(t *testing.T, members map[string]*apitest.Server) *apitest.Server {
	t.Helper()
	hub := apitest.New(t, apitest.Karmada)
	for name, member := range members {
		hub.AddMember(name, member)
	}
	return hub
}

// namesOf returns CONTEXT/MEMBER for each target.
func namesOf(targets []fleet.Target) (names []string) {
	for _, target := range targets {
		names = append(names, target.Context+"/"+target.Member)
	}
	return names
}

func TestAllMembersAreVisitedThroughTheirHub(t *testing.T) {
	t.Parallel()
	members := serversOf(t, "m1", "m2")
	hub := hubWith(t, members)
	s, _ := onServers(t, map[string]*apitest.Server{"hub": hub})
	s.Members = session.Members{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, results), []string{"hub/m1" + admin, "hub/m2" + admin}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for name, member := range members {
		if sent := member.Requests(); len(sent) != 1 || !strings.HasPrefix(sent[0], "POST /apis/authentication.k8s.io/") {
			t.Errorf("%s received %s", name, sent)
		}
	}
	if sent := hub.Requests(); sent[0] != "GET "+listClusters || len(sent) != 3 || !strings.Contains(sent[1], "/proxy/") {
		t.Errorf("the hub received %s", sent)
	}
}

func TestNamedMembersAreVisitedWithoutAList(t *testing.T) {
	t.Parallel()
	members := serversOf(t, "m1", "m2")
	one, two := hubWith(t, members), hubWith(t, members)
	s, _ := onServers(t, map[string]*apitest.Server{"one": one, "two": two})
	s.Selection = fleet.Selection{All: true}
	s.Members = session.Members{Names: []string{"m2"}}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, results), []string{"one/m2" + admin, "two/m2" + admin}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if sent := append(one.Requests(), members["m1"].Requests()...); len(sent) != 1 {
		t.Errorf("one and m1 received %s", sent)
	}
}

func TestAMemberThatDoesNotExistIsAFailureWithItsName(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, map[string]*apitest.Server{"hub": hubWith(t, serversOf(t, "m1"))})
	s.Members = session.Members{Names: []string{"m1", "m3"}}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	_, failures := session.Collect(s, results)
	if errs := failures.Errors(); failures.Done != 1 || len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), `NotFound, 1 of 2 ("m3"): `) {
		t.Errorf("got %q", errs)
	}
}

func TestAMemberThatIsDownHidesNoOther(t *testing.T) {
	t.Parallel()
	hub := hubWith(t, map[string]*apitest.Server{"m1": apitest.Down(t), "m2": apitest.New(t)})
	s, _ := onServers(t, map[string]*apitest.Server{"hub": hub})
	s.Members = session.Members{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || len(results) != 2 || results[0].Err == nil || results[1].Value != "hub/m2"+admin {
		t.Errorf("got %v, %v", results, err)
	}
}

func TestAHubThatCannotListItsMembersIsTheFirstResult(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, map[string]*apitest.Server{
		"a": hubWith(t, serversOf(t, "m1")), "b": apitest.New(t), "c": apitest.Down(t),
	})
	s.Selection, s.Members = fleet.Selection{All: true}, session.Members{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || len(results) != 3 {
		t.Fatalf("got %v, %v", results, err)
	}
	for i, want := range []failure.Reason{failure.Unsupported, failure.Unreachable, ""} {
		if got := failure.ReasonOf(results[i].Err); got != want {
			t.Errorf("result %d of %s is %q, want %q", i, results[i].Key.Context, got, want)
		}
	}
	if text := results[0].Err.Error(); !strings.HasPrefix(text, "list members: ") {
		t.Errorf("got %s", text)
	}
	_, failures := session.Collect(s, results)
	if errs := failures.Errors(); len(errs) != 2 || !strings.HasPrefix(errs[0].Error(), `Unsupported, 1 of 3 ("b"): `) {
		t.Errorf("got %q", errs)
	}
}

func TestASelectorThatSelectsNoMembersIsAConfigError(t *testing.T) {
	t.Parallel()
	hub := hubWith(t, serversOf(t, "m1"))
	s, _ := onServers(t, map[string]*apitest.Server{"hub": hub})
	s.Members = session.Members{All: true, Selector: "tier=prod"}
	_, err := session.Each(t.Context(), s, 0, whoAmI)
	if !isConfigError(err) {
		t.Fatalf("got %v", err)
	}
	expect(t, err.Error(), "the selection has no members")
	if sent := hub.Requests(); len(sent) != 1 || sent[0] != "GET "+listClusters+"?labelSelector=tier=prod" {
		t.Errorf("the hub received %s", sent)
	}
}

func TestAWarningOfAMemberHasItsName(t *testing.T) {
	t.Parallel()
	members := serversOf(t, "m1", "m2")
	for _, member := range members {
		member.Warn("v1 Secret is deprecated")
	}
	s, out := onServers(t, map[string]*apitest.Server{"hub": hubWith(t, members)})
	s.Members = session.Members{All: true}
	if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
		t.Fatal(err)
	}
	expect(t, out.String(), `joinctl: warning: the server says: v1 Secret is deprecated ("m1", "m2")`+"\n")
}

func TestAServerThatOnlyFlagsNameHasNoEmptyName(t *testing.T) {
	t.Parallel()
	members := serversOf(t, "m1", "m2")
	hub := hubWith(t, members)
	hub.Warn("etcd is slow")
	hub.On("POST", listClusters+"/m1/proxy/apis/authentication.k8s.io/v1/selfsubjectreviews",
		apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: "clusters"}, "m1", nil)))
	s, out := open(apitest.KubeconfigAt(t, "", map[string]*apitest.Server{"unused": hub}))
	s.Overrides.ClusterInfo.Server, s.Overrides.ClusterInfo.CertificateAuthorityData = hub.URL, hub.CA
	s.Overrides.AuthInfo.Token = apitest.AdminToken
	s.Members = session.Members{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	_, failures := session.Collect(s, results)
	for _, err := range failures.Errors() {
		if !strings.HasPrefix(err.Error(), `Forbidden, 1 of 2 ("m1"): `) {
			t.Errorf("got %s", err)
		}
	}
	if text := out.String(); failures.Done != 1 || strings.Contains(text, `""`) || !strings.Contains(text, "etcd is slow\n") {
		t.Errorf("got %s", text)
	}
}

func TestExpandReturnsMembersWithoutVisitingThem(t *testing.T) {
	t.Parallel()
	members := serversOf(t, "m1", "m2")
	hub := hubWith(t, members)
	servers := map[string]*apitest.Server{"hub": hub, "no-hub": apitest.New(t)}
	for name, test := range map[string]struct {
		options session.Options
		want    []string
		failed  string
	}{
		"no members":    {session.Options{}, []string{"hub/"}, ""},
		"named members": {session.Options{Members: session.Members{Names: []string{"m1"}}}, []string{"hub/m1"}, ""},
		"all members":   {session.Options{Members: session.Members{All: true}}, []string{"hub/m1", "hub/m2"}, ""},
		"of all contexts": {
			session.Options{Selection: fleet.Selection{All: true}, Members: session.Members{All: true}},
			[]string{"hub/m1", "hub/m2"},
			`Unsupported, 1 of 3 ("no-hub"): list members: `,
		},
	} {
		s, _ := onServers(t, servers)
		s.Selection, s.Members = test.options.Selection, test.options.Members
		targets, failures, err := s.Expand(t.Context())
		if err != nil || !slices.Equal(namesOf(targets), test.want) {
			t.Errorf("%s: got %q, %v", name, namesOf(targets), err)
		}
		if failures.Any() != (test.failed != "") {
			t.Errorf("%s: failures %q", name, failures.Errors())
		}
		for _, err := range failures.Errors() {
			if !strings.HasPrefix(err.Error(), test.failed) {
				t.Errorf("%s: got %v, want %s", name, err, test.failed)
			}
		}
	}
	if sent := append(members["m1"].Requests(), members["m2"].Requests()...); len(sent) > 0 {
		t.Errorf("the members received %s", sent)
	}
}
