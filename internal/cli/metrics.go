// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"math"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// upMetric says which targets answered. Its label command tells the files of several commands from each other: node_exporter
// refuses two files with the same samples.
func upMetric(command string, answered []fleet.Target, failures *session.Failures) output.Metric {
	up := output.Metric{Name: "joinctl_up", Help: "Whether joinctl could do its work on the control plane: 1, or 0 if it failed."}
	add := func(target fleet.Target, value float64) {
		up.Samples = append(up.Samples, output.Sample{Labels: []output.Label{{Name: "context", Value: target.Context}, {Name: "command", Value: command}}, Value: value})
	}
	for _, target := range answered {
		add(target, 1)
	}
	for _, failed := range failures.All() {
		add(failed.Target, 0)
	}
	return up
}

// tokenMetrics returns the metrics of token list.
func tokenMetrics(found *action.TokenLists) []output.Metric {
	expiry := output.Metric{
		Name: "joinctl_token_expiry_timestamp_seconds",
		Help: "When a bootstrap token expires, in seconds since 1970; +Inf if it never does. Malformed tokens have no sample.",
	}
	count := output.Metric{Name: "joinctl_tokens", Help: "Bootstrap tokens by how the server treats them."}
	type key struct{ context, status string }
	counts := map[key]float64{}
	for _, one := range found.Shown {
		context, status := one.Target.Context, string(one.Health.Status)
		counts[key{context, status}]++
		if one.Health.Status == token.Malformed {
			continue
		}
		at := math.Inf(1)
		if !one.Spec.Expires.IsZero() {
			at = float64(one.Spec.Expires.Unix())
		}
		expiry.Samples = append(expiry.Samples, output.Sample{Value: at, Labels: []output.Label{
			{Name: "context", Value: context},
			{Name: "id", Value: token.Ref{Name: one.Secret.Name}.String()},
			{Name: "for", Value: one.Spec.For},
			{Name: "status", Value: status},
		}})
	}
	for _, target := range found.Answered {
		for _, status := range []token.Status{token.OK, token.Expired, token.Unusable, token.Malformed, token.Other} {
			count.Samples = append(count.Samples, output.Sample{
				Labels: []output.Label{{Name: "context", Value: target.Context}, {Name: "status", Value: string(status)}},
				Value:  counts[key{target.Context, string(status)}],
			})
		}
	}
	return []output.Metric{upMetric("token list", found.Answered, found.Failures), count, expiry}
}

// doctorMetrics returns the metrics of doctor.
func doctorMetrics(found *action.Diagnoses) []output.Metric {
	findings := output.Metric{Name: "joinctl_doctor_findings", Help: "Findings of joinctl doctor: error, warning, or info where nothing is wrong."}
	var answered []fleet.Target
	for _, one := range found.Targets {
		if one.Complete {
			answered = append(answered, one.Target)
		}
		type key struct{ check, severity string }
		at := map[key]int{} // of the samples
		for _, f := range one.Findings {
			k := key{f.Check, string(f.Severity)}
			if i, ok := at[k]; ok {
				findings.Samples[i].Value++
				continue
			}
			at[k] = len(findings.Samples)
			findings.Samples = append(findings.Samples, output.Sample{Value: 1, Labels: []output.Label{
				{Name: "context", Value: one.Target.Context}, {Name: "check", Value: k.check}, {Name: "severity", Value: k.severity},
			}})
		}
	}
	return []output.Metric{upMetric("doctor", answered, found.Failures), findings}
}
