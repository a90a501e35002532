// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"slices"

	"github.com/joinctl/joinctl/internal/join"
)

// Checked returns the names of the checks that Examine made without an error, by its findings: a check without a finding found
// nothing wrong. A check that this client may not make, or that needs a cluster-info where there is none, is not among them.
func Checked(joiner join.Joiner, findings []Finding) []string {
	found := func(check string) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return f.Check == check && f.Severity != Info })
	}
	noInfo := joiner == "" || found("cluster-info")
	var made []string
	for _, part := range examinationParts(joiner.Description()) {
		if joiner == "" && !needsNoJoiner(part.name) || slices.ContainsFunc(part.refusedAs, found) {
			continue
		}
		for _, check := range part.checks {
			if !noInfo || !needsClusterInfo(check) {
				made = append(made, check)
			}
		}
	}
	return made
}

// A part of an examination is what one function of Examine checks.
type part struct {
	name      string
	checks    []string
	refusedAs []string // the findings that these checks cannot be made
}

// examinationParts returns the parts of an examination for a joiner.
func examinationParts(joiner join.Description) []part {
	kind := []string{"kind"}
	if joiner.APIGroup.Served {
		kind = append(kind, "aggregated-api")
	}
	var access []string
	for _, grant := range Grants(joiner.Joiner) {
		access = append(access, grant.Name)
		if grant.Power != "" {
			access = append(access, grant.Name+"-power")
		}
	}
	parts := []part{
		{name: "identity", checks: []string{"identity"}},
		{name: "kind", checks: kind},
		{name: "cluster-info", checks: []string{"cluster-info", "cluster-info-size", checkCA}},
		{name: "anonymous-auth", checks: []string{"anonymous-auth"}},
		{name: "cluster-info-server", checks: []string{"cluster-info-server"}},
		{name: "access", checks: access, refusedAs: []string{"access"}},
		{name: "tokens", checks: []string{"signer", "cleaner", "token-sample", "token-immortal", "token-unusable", "token-malformed"}, refusedAs: []string{"tokens"}},
		{name: "certificate-requests", checks: []string{checkApprover, checkCSRSigner}, refusedAs: []string{"certificate-requests"}},
		{name: "groups", checks: []string{"group-rights"}, refusedAs: []string{"groups"}},
		{name: "clock", checks: []string{"clock"}},
	}
	if joiner.ClusterName != nil {
		parts = append(parts, part{name: "token-joined", checks: []string{"token-joined"}, refusedAs: []string{"tokens", "aggregated-api"}})
	}
	return parts
}

// needsClusterInfo reports whether a check needs a cluster-info that a joiner can use.
func needsClusterInfo(check string) bool {
	return slices.Contains([]string{"cluster-info-size", checkCA, "cluster-info-server", "signer"}, check)
}
