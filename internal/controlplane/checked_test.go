// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"slices"
	"testing"

	"github.com/joinctl/joinctl/internal/join"
)

func TestACheckThatWasNotMadeIsNoPass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		joiner   join.Joiner
		findings []Finding
		made     []string // some of them
		not      []string
	}{
		"healthy": {join.Karmada, []Finding{{Check: "signer", Severity: Info}}, []string{"signer", "aggregated-api", "agent-rbac-power", "cluster-info-ca", "csr-signer", "token-joined", "group-rights"}, []string{"node-reads", "probe"}},
		"kubeadm": {join.Kubeadm, nil, []string{"node-reads", "csr-approval"}, []string{"aggregated-api", "agent-rbac", "token-joined"}},
		"no cluster-info": {
			join.Karmada,
			[]Finding{{Check: "cluster-info", Severity: Error}},
			[]string{"cluster-info", "anonymous-auth", "cleaner"},
			[]string{"cluster-info-size", "cluster-info-ca", "cluster-info-server", "signer"},
		},
		"may not list Secrets":      {join.Karmada, []Finding{{Check: "tokens", Severity: Warning}}, []string{"csr-creation"}, []string{"signer", "token-sample", "token-joined"}},
		"may not ask for rights":    {join.Karmada, []Finding{{Check: "access", Severity: Warning}}, []string{"signer"}, []string{"csr-creation", "agent-rbac-power"}},
		"may not read bindings":     {join.Karmada, []Finding{{Check: "groups", Severity: Warning}}, []string{"signer"}, []string{"group-rights"}},
		"for no joiner that it has": {"", nil, []string{"identity", "cleaner", "group-rights", "clock"}, []string{"signer", "kind", "cluster-info", "csr-signer"}},
	} {
		got := Checked(test.joiner, test.findings)
		for _, check := range test.made {
			if !slices.Contains(got, check) {
				t.Errorf("%s: %s is missing in %q", name, check, got)
			}
		}
		for _, check := range test.not {
			if slices.Contains(got, check) {
				t.Errorf("%s: %s was not made: %q", name, check, got)
			}
		}
	}
}

// Examine and Checked have the same parts.
func TestEveryCheckOfAnExaminationIsChecked(t *testing.T) {
	t.Parallel()
	var made []string
	for _, joiner := range join.Joiners() {
		made = append(made, Checked(joiner, nil)...)
	}
	notOfExamine := []string{bootstrapAuth, "probe", "access", "tokens", "groups", "certificate-requests"}
	checks := computedChecks()
	for check := range namedChecks(t) {
		checks[check] = true
	}
	for check := range checks {
		if slices.Contains(made, check) == slices.Contains(notOfExamine, check) {
			t.Errorf("%s is missing in Checked, or is there without being a check of Examine", check)
		}
	}
}
