// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
)

// putJoiningTokens stores tokens for the clusters m1 (which has joined and is Ready), m2 (which is not Ready) and m3.
func putJoiningTokens(t *testing.T, server *apitest.Server) {
	t.Helper()
	put(t, server, joining("m1"), firstToken)
	put(t, server, joining("m2"), secondToken)
	put(t, server, joining("m3"), "cccccc.0123456789abcdef")
	put(t, server, joining(""), "dddddd.0123456789abcdef")
}

func countClusterLists(server *apitest.Server) int {
	n := 0
	for _, request := range server.Requests() {
		if request == "GET "+clustersPath {
			n++
		}
	}
	return n
}

func TestAListTellsWhichClustersHaveJoined(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada)
	hub.PutCluster("m1", true)
	hub.PutCluster("m2", false)
	forbidden := apitest.New(t, apitest.Karmada)
	forbidden.PutCluster("m1", true)
	forbidden.On(http.MethodGet, clustersPath, apitest.Refuse(adminForbidden("clusters")))
	for name, test := range map[string]struct {
		server *apitest.Server
		want   []ClusterStatus
	}{
		"a hub":                    {hub, []ClusterStatus{ClusterReady, ClusterNotReady, ClusterNotJoined, ""}},
		"who may not list members": {forbidden, []ClusterStatus{"", "", "", ""}},
		"no Karmada":               {apitest.New(t), []ClusterStatus{"", "", "", ""}},
	} {
		putJoiningTokens(t, test.server)
		s, stderr := adminSession(t, map[string]*apitest.Server{"hub": test.server})
		list, err := (&TokenList{Session: s, ClusterStatus: true}).Run(t.Context())
		adminCheck(t, err)
		var got []ClusterStatus
		for _, one := range list.Shown {
			got = append(got, one.ClusterStatus)
		}
		if !slices.Equal(got, test.want) || list.Failures.Any() || stderr.String() != "" || countClusterLists(test.server) != 1 {
			t.Errorf("%s: %q, stderr %q, requests %q", name, got, stderr, test.server.Requests())
		}
	}
}

func TestAListAsksForClustersOnlyIfItShowsThemAndAValidTokenIsForOne(t *testing.T) {
	t.Parallel()
	named, unnamed := apitest.New(t, apitest.Karmada), apitest.New(t, apitest.Karmada)
	put(t, named, joining("m1"), firstToken)
	put(t, unnamed, joining(""), firstToken)
	for _, test := range []struct {
		server *apitest.Server
		shown  bool
	}{{named, false}, {unnamed, true}} {
		_, err := (&TokenList{Session: adminHub(t, test.server), ClusterStatus: test.shown}).Run(t.Context())
		adminCheck(t, err)
		if countClusterLists(test.server) > 0 {
			t.Errorf("requests: %q", test.server.Requests())
		}
	}
}

func TestDoctorNamesValidTokensOfClustersThatHaveJoined(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada, apitest.Joinable)
	hub.PutCluster("m1", true)
	hub.PutCluster("m2", false)
	putJoiningTokens(t, hub)
	found := diagnose(t, &Doctor{Session: adminHub(t, hub)})
	f := findingOf(found, "token-joined")
	if f.Severity != controlplane.Info || !strings.HasSuffix(f.Evidence, ": m1 (abcdef)") || !strings.Contains(f.Fix, "joinctl token delete --for") {
		t.Errorf("found %+v", f)
	}
	hub.On(http.MethodGet, clustersPath, apitest.Refuse(adminForbidden("clusters")))
	if f := findingOf(diagnose(t, &Doctor{Session: adminHub(t, hub)}), "token-joined"); f.Severity != controlplane.Info || !strings.HasPrefix(f.Evidence, "unknown: you may not list clusters") {
		t.Errorf("who may not list clusters: %+v", f)
	}
}
