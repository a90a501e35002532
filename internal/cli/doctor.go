// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/problem"
	"github.com/joinctl/joinctl/internal/session"
)

func newDoctor(env *Env, s *session.Session) *cobra.Command {
	var (
		doctor = action.Doctor{Session: s}
		format = output.Format{Metrics: true, Reports: true}
	)
	cmd := &cobra.Command{
		Use:        "doctor",
		SuggestFor: []string{"diagnose", "status"},
		Short:      "Check whether clusters can join a control plane, and why not",
		Long: `Check from the administrator's side whether clusters can join a control plane: cluster-info and who can read it, the rights
of joiners, the controllers that sign cluster-info, delete expired tokens, and approve and sign the certificate requests of
joiners, and the tokens themselves. Each finding has a severity, evidence and a fix. The table shows errors and warnings;
-o wide and the structured formats show everything, and -o prometheus counts it for the textfile collector of node_exporter.
-o junit and -o sarif are for pipelines, and --report writes a page for a browser. Nothing is changed. The exit code is 4 if there
are errors or warnings.

Without --joiner, doctor finds out whether a control plane is for karmadactl register or for kubeadm join. If it is for neither,
such as those of k0s and k3s, only its tokens and the rights of their groups are judged.

--probe creates a token, tries a join as joinctl check does, requests a certificate with it, and deletes both again. Only this
shows whether the API server accepts bootstrap tokens. The certificate is for a name without rights, and its key is thrown
away.`,
		Example: `  joinctl doctor
  joinctl doctor --context hub -o wide
  joinctl doctor --all-contexts -o prometheus
  joinctl doctor --all-contexts -o junit --report doctor.html
  joinctl doctor --probe --endpoint karmada.example.org:5443
  joinctl doctor -o jsonpath='{range .items[?(@.severity=="error")]}{.check}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			doctor.Report = func(found *action.Diagnoses) []byte { return output.HTML(doctorReport(env, s, found)) }
			found, err := doctor.Run(cmd.Context())
			if found == nil {
				return err
			}
			return finish(errors.Join(err, printDoctor(env, s, &format, found)), found.Findings, found.Failures)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.TextVar(&doctor.Joiner, "joiner", join.Joiner(""), "program that joins, the `joiner`: karmada or kubeadm (default: that of each control plane)")
	flags.BoolVar(&doctor.Probe, "probe", false, "try a join too, with a token and a certificate request that are valid for minutes and are deleted again")
	flags.TextVar(&doctor.Endpoint, "endpoint", join.Endpoint{}, "with --probe: address `HOST:PORT` to join at (default: the kubeconfig's server)")
	flags.StringVar(&doctor.ReportFile, "report", "", "also write a page for a browser to this `file`: a table of control planes by check, and each finding with its fix")
	preRun(cmd, func() error {
		if flags.Changed("report") && doctor.ReportFile == "" {
			return errors.New("--report: a file must be named")
		}
		if flags.Changed("endpoint") && !doctor.Probe {
			return errors.New("--endpoint goes with --probe")
		}
		return nil
	})
	return cmd
}

// printDoctor prints the findings in any format.
func printDoctor(env *Env, s *session.Session, format *output.Format, found *action.Diagnoses) error {
	switch {
	case format.IsMetrics():
		return output.PrintMetrics(env.Out, doctorMetrics(found))
	case format.IsReport():
		return output.PrintReport(env.Out, format, doctorReport(env, s, found))
	}
	return printDiagnoses(env, s, format, found)
}

// A findingItem is a finding in a document.
type findingItem struct {
	Context  string `json:"context"`          // context of the kubeconfig
	Check    string `json:"check"`            // name of the check
	Code     string `json:"code"`             // of the check, whatever the severity
	Severity string `json:"severity"`         // error, warning or info
	Evidence string `json:"evidence"`         // what the check found
	Fix      string `json:"remedy,omitempty"` // what to do about it; absent: nothing
}

// cell returns the evidence, with the code of an error or a warning.
func (i findingItem) cell() string {
	if i.Severity == string(controlplane.Info) {
		return i.Evidence
	}
	return withCode(i.Evidence, i.Code)
}

func (i findingItem) place() place { return place{context: i.Context, name: i.Check} }

// printDiagnoses prints all findings, and then which control planes have no problems. A table that is not wide has errors and
// warnings only, each with its fix below.
func printDiagnoses(env *Env, s *session.Session, format *output.Format, found *action.Diagnoses) error {
	list := output.List[findingItem]{Kind: "DoctorFindingList", Failures: failureItems(s, found.Failures)}
	short, catalog := format.IsTable() && !format.IsWide(), problem.NewCatalog()
	for _, one := range found.Targets {
		for _, f := range one.Findings {
			if f.Severity != controlplane.Info || !short {
				list.Items = append(list.Items, findingItem{
					one.Target.Context, f.Check, catalog.Code(problem.Finding, f.Check), string(f.Severity), s.Terminal.Redact(f.Evidence),
					s.Terminal.CommandText(f.Fix),
				})
			}
		}
	}
	if err := output.Print(env.Out, format, list, withPlace(s, findingView(), findingItem.place)); err != nil {
		return err
	}
	reportHealthy(s, found)
	return nil
}

func findingView() output.View[findingItem] {
	return output.View[findingItem]{
		Name:  func(i findingItem) string { return i.Check },
		Width: unknownWidth,
		Columns: []output.Column[findingItem]{
			{Title: "Severity", Cell: func(i findingItem) string { return i.Severity }, Tone: findingTone},
			{Title: "Check", Cell: func(i findingItem) string { return i.Check }},
			{Title: "Finding", Cell: findingItem.cell, Wrap: true, Below: func(i findingItem) string { return i.Fix }},
			{Title: "Remedy", Wide: true, Cell: func(i findingItem) string { return cmp.Or(i.Fix, none) }},
		},
	}
}
