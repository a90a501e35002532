// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/problem"
	"github.com/joinctl/joinctl/internal/session"
)

// doctorReport makes a report of what doctor found. A check that was made and has no finding passed.
func doctorReport(env *Env, s *session.Session, found *action.Diagnoses) *output.Report {
	report := &output.Report{Command: "joinctl doctor", Version: buildVersion(env), Home: problem.Home, Time: env.Now()}
	var steps []output.Rule
	for _, p := range problem.All() {
		rule := output.Rule{Code: p.Code, Name: p.Name, Title: p.Title, Cause: p.Cause, See: p.See, Fix: p.Fix, URL: p.URL()}
		switch p.Kind {
		case problem.Finding:
			report.Rules = append(report.Rules, rule)
		case problem.Step:
			rule.Name = problem.ProbePrefix + rule.Name
			steps = append(steps, rule)
		case problem.Reason:
			report.Reasons = append(report.Reasons, rule)
		}
	}
	report.Rules = append(report.Rules, steps...)
	failed, catalog := map[string]output.Failure{}, problem.NewCatalog()
	for _, f := range failureItems(s, found.Failures) {
		failed[f.Context] = f
	}
	for _, one := range found.Targets {
		target := output.ReportTarget{Name: cmp.Or(one.Target.Context, session.Describe(one.Target)), Results: reportResults(s, catalog, one)}
		if f, ok := failed[one.Target.Context]; ok && !one.Complete {
			target.Failure = &f
		}
		report.Targets = append(report.Targets, target)
	}
	return report
}

// reportResults returns the results of the checks on a target, in the order of their codes.
func reportResults(s *session.Session, catalog problem.Catalog, one action.Diagnosis) []output.Result {
	levels := map[controlplane.Severity]output.Level{controlplane.Error: output.Error, controlplane.Warning: output.Warning, controlplane.Info: output.Info}
	var results []output.Result
	for _, f := range one.Findings {
		results = append(results, output.Result{
			Check: f.Check, Code: catalog.Code(problem.Finding, f.Check), Level: levels[f.Severity], Text: s.Terminal.Redact(f.Evidence), Fix: f.Fix,
		})
	}
	for _, check := range one.Checked {
		if !slices.ContainsFunc(one.Findings, func(f controlplane.Finding) bool { return f.Check == check }) {
			results = append(results, output.Result{Check: check, Code: catalog.Code(problem.Finding, check)})
		}
	}
	slices.SortStableFunc(results, func(a, b output.Result) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Check, b.Check))
	})
	return results
}
