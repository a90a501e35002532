// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

func TestPrepareReportsAMissingClusterInfo(t *testing.T) {
	s := &server{failures: map[string]int{"GET " + infoPath: http.StatusNotFound}}
	probe := Probe{Joiner: join.Default(), Endpoint: join.Endpoint{Host: "cp.test", Port: 6443}}
	prepared, findings, err := probe.Prepare(t.Context(), s.client(t))
	if prepared != nil || err != nil || len(findings) != 1 || findings[0].Check != bootstrapAuth || findings[0].Fix == "" {
		t.Errorf("got %+v, %+v, %v", prepared, findings, err)
	}
}

func TestPrepareFailsIfClusterInfoCannotBeRead(t *testing.T) {
	s := &server{failures: map[string]int{"GET " + infoPath: http.StatusForbidden}}
	probe := Probe{Joiner: join.Default(), Endpoint: join.Endpoint{Host: "cp.test", Port: 6443}}
	prepared, findings, err := probe.Prepare(t.Context(), s.client(t))
	if prepared != nil || len(findings) > 0 || failure.ReasonOf(err) != failure.Forbidden {
		t.Errorf("got %+v, %+v, %v", prepared, findings, err)
	}
}

func TestTheTokenOfAProbeIsOneOfItsJoiner(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, joiner := range join.Joiners() {
		spec := (&PreparedProbe{probe: Probe{Joiner: joiner}, now: now}).Spec()
		if !slices.Equal(spec.Groups, []string{joiner.Group()}) || !spec.Has(token.Signing) || !spec.Has(token.Authentication) || spec.Expires.Sub(now) != 5*time.Minute {
			t.Errorf("%s: %+v", joiner, spec)
		}
	}
}

// A probe on a healthy control plane has no warning: Karmada's Helm chart names a Service in cluster-info.
func TestAProbeLeavesWarningsAboutTheServerToTheirOwnCheck(t *testing.T) {
	steps := []discovery.Step{
		{Name: stepKubeconfig, Status: discovery.Warning, Cause: "not the endpoint"},
		{Name: stepAuthentication, Status: discovery.OK},
	}
	for _, finding := range results(steps, join.Endpoint{}) {
		if finding.Severity != Info {
			t.Errorf("%+v", finding)
		}
	}
	steps[0].Status = discovery.Failed
	if findings := results(steps, join.Endpoint{}); findings[0].Severity != Error {
		t.Errorf("%+v", findings)
	}
	steps[1].Status = discovery.Unknown
	if findings := results(steps, join.Endpoint{}); findings[1].Severity != Warning {
		t.Errorf("%+v", findings)
	}
}
