// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
)

func newDoctor(env *Env, conn *connection) *cobra.Command {
	var (
		format output.Format
		joiner = join.Karmada
	)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Judge whether clusters can join a control plane, and what is wrong with it",
		Long: `Judge from the administrator's side whether clusters can join a control plane, and what is wrong with it: cluster-info
and who may read it, what joiners may do, the controllers that sign and clean up, and the tokens themselves. Each finding
has a severity, evidence and a remedy; the table shows errors and warnings, -o wide and the structured formats all.
Nothing is changed. Exit code 4 says that there are errors or warnings.`,
		Example: `  joinctl doctor
  joinctl doctor --context hub -o wide
  joinctl doctor -o jsonpath='{range .items[?(@.severity=="error")]}{.check}: {.remedy}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]controlplane.Finding, error) {
				klog.V(1).InfoS("examining", "context", target.Context, "server", c.Server().Host, "joiner", joiner)
				findings, err := controlplane.Examine(ctx, c, joiner)
				return append(findings, controlplane.Unprobed()), err
			})
			if err != nil {
				return err
			}
			return diagnose(env, &format, results)
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().Var(&joiner, "joiner", "which program will join: karmada or kubeadm")
	return cmd
}

// A findingItem is one finding in a document.
type findingItem struct {
	Context  string `json:"context"`
	Check    string `json:"check"`
	Severity string `json:"severity"`
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy,omitempty"`
}

// diagnose prints what was found, the worst first. Errors and warnings are a problem.
func diagnose(env *Env, format *output.Format, results []fleet.Result[[]controlplane.Finding]) error {
	missed, problems := &shortfall{}, []error(nil)
	report := output.List[findingItem]{Kind: "DoctorFindingList"}
	redactor := kube.NewRedactor()
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target.Context, result.Err)
			continue
		}
		missed.done++
		slices.SortStableFunc(result.Value, func(a, b controlplane.Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
		count := map[controlplane.Severity]int{}
		for _, f := range result.Value {
			count[f.Severity]++
			if f.Severity == controlplane.Info && format.IsTable() && !format.IsWide() {
				continue
			}
			report.Items = append(report.Items, findingItem{result.Target.Context, f.Check, string(f.Severity), redactor.Text(f.Evidence), f.Remedy})
		}
		if bad := count[controlplane.Error] + count[controlplane.Warning]; bad == 0 {
			env.say("%s: nothing is wrong that can be seen from here", described(result.Target.Context))
			continue
		}
		problems = append(problems, &problem{text: fmt.Sprintf("%s: %d errors and %d warnings",
			described(result.Target.Context), count[controlplane.Error], count[controlplane.Warning])})
	}
	report.Failures = missed.document()
	if format.IsTable() && !format.IsWide() {
		report.Items = withRemedies(report.Items)
	}
	return errors.Join(append(problems, output.Print(env.Out, format, report, findingView(format.IsWide())), missed.orNil())...)
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
