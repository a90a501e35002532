// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
)

// A findingItem is one finding in a document.
type findingItem struct {
	Context  string `json:"context"`
	Check    string `json:"check"`
	Severity string `json:"severity"`
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy,omitempty"`
}

// at returns where something was found, and what.
func (i findingItem) at() (context, name string) { return i.Context, i.Check }

// report prints what was found, the worst first. Errors and warnings are a problem.
func (d *diagnosis) report(results []fleet.Result[[]controlplane.Finding]) error {
	missed, problems := d.conn.shortfall(), []error(nil)
	found := output.List[findingItem]{Kind: "DoctorFindingList"}
	redactor := redact.New()
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target, d.named(result))
		} else {
			missed.done++
		}
		slices.SortStableFunc(result.Value, func(a, b controlplane.Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
		count := map[controlplane.Severity]int{}
		for _, f := range result.Value {
			count[f.Severity]++
			if f.Severity == controlplane.Info && d.format.IsTable() && !d.format.IsWide() {
				continue
			}
			found.Items = append(found.Items, findingItem{result.Target.Context, f.Check, string(f.Severity), redactor.Text(f.Evidence), f.Remedy})
		}
		if bad := count[controlplane.Error] + count[controlplane.Warning]; bad > 0 {
			problems = append(problems, &problem{text: fmt.Sprintf("%s: %d errors and %d warnings",
				described(result.Target), count[controlplane.Error], count[controlplane.Warning])})
		} else if result.Err == nil {
			d.env.say("%s: nothing is wrong that can be seen from here", described(result.Target))
		}
	}
	found.Failures = missed.document()
	if d.format.IsTable() && !d.format.IsWide() {
		found.Items = withRemedies(found.Items)
	}
	return errors.Join(append(problems, output.Print(d.env.Out, &d.format, found, located(d.conn, findingView(d.format.IsWide()), findingItem.at)), missed.orNil())...)
}

// rank orders severities, the worst first.
func rank(severity controlplane.Severity) int {
	return slices.Index([]controlplane.Severity{controlplane.Error, controlplane.Warning, controlplane.Info}, severity)
}

// findingView is how findings look: to people, the remedy stands below what was found, since both are long.
func findingView(wide bool) output.View[findingItem] {
	view := output.View[findingItem]{
		Name: func(i findingItem) string { return i.Check },
		Columns: []output.Column[findingItem]{
			{Title: "Severity", Cell: func(i findingItem) string { return i.Severity }},
			{Title: "Check", Cell: func(i findingItem) string { return i.Check }},
			{Title: "Finding", Cell: func(i findingItem) string { return i.Evidence }},
		},
	}
	if wide {
		view.Columns = append(view.Columns, output.Column[findingItem]{Title: "Remedy", Cell: func(i findingItem) string { return first(i.Remedy, "<none>") }})
	}
	return view
}

// withRemedies puts a line with the remedy below every finding.
func withRemedies(items []findingItem) []findingItem {
	var lines []findingItem
	for _, item := range items {
		lines = append(lines, item)
		if item.Remedy != "" {
			lines = append(lines, findingItem{Evidence: "→ " + item.Remedy})
		}
	}
	return lines
}
