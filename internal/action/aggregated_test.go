// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

func TestContextsNamesAnAggregatedServerThatIsDown(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada)
	hub.StopAggregated()
	s, _ := adminSession(t, map[string]*apitest.Server{"a": hub})
	listed, failures, err := (&Contexts{Session: s, Check: true}).Run(t.Context())
	adminCheck(t, err)
	adminWantFailure(t, failures, failure.Unreachable, "have no addresses (MissingEndpoints)")
	wantText(t, hintOf(failures.All()[0].Err), "joinctl doctor says why")
	if a := listed[0].Checkup; !a.Reachable || a.Karmada == nil || !*a.Karmada || a.MayDelete == nil {
		t.Errorf("a says %+v", a)
	}
}

func TestDoctorNamesAnAggregatedServerThatIsDown(t *testing.T) {
	t.Parallel()
	for joiner, want := range map[join.Joiner]controlplane.Severity{join.Karmada: controlplane.Error, join.Kubeadm: ""} {
		hub := apitest.New(t, apitest.Karmada, apitest.Joinable)
		hub.StopAggregated()
		found, err := (&Doctor{Session: adminHub(t, hub), Joiner: joiner}).Run(t.Context())
		adminCheck(t, err)
		f := findingOf(found, "aggregated-api")
		if f.Severity != want || want != "" && !strings.Contains(f.Evidence, "have no addresses (MissingEndpoints)") || !found.Targets[0].Complete {
			t.Errorf("%s: found %+v", joiner, found.Targets[0])
		}
	}
}

func TestAProbeFailsWhileTheAggregatedServerIsDown(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada, apitest.Joinable)
	s := adminHub(t, hub)
	if f := findingOf(diagnose(t, &Doctor{Session: s, Probe: true}), "probe-karmada-api"); f.Check != "" {
		t.Errorf("while it runs: %+v", f)
	}
	hub.StopAggregated()
	if f := findingOf(diagnose(t, &Doctor{Session: s, Probe: true}), "probe-karmada-api"); f.Severity != controlplane.Error {
		t.Errorf("while it is down: %+v", f)
	}
}

func TestATokenIsNotCreatedWhileTheAggregatedServerIsDown(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada, apitest.Joinable)
	hub.StopAggregated()
	s, _ := newSession(t, servers{"hub": hub})
	created := mustCreate(t, withCommand(creation(s)))
	err := wantFailures(t, created.Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Unreachable, "v1alpha1.cluster.karmada.io", "MissingEndpoints")
	wantText(t, hintOf(err), "joinctl doctor", "--no-verify")
	if count(hub, http.MethodPost) != 0 || len(created.Tokens) != 0 {
		t.Errorf("created %v, requests %q", created.Tokens, hub.Requests())
	}
	a := withCommand(creation(s))
	a.Join.NoVerify = true
	if created := mustCreate(t, a); len(created.Tokens) != 1 || created.Failures.Any() {
		t.Errorf("without verification: %v", created.Failures.Errors())
	}
}
