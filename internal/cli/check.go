// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/problem"
	"github.com/joinctl/joinctl/internal/session"
)

func newCheck(env *Env, s *session.Session) *cobra.Command {
	var (
		check  = action.Check{Member: discovery.Member{UserAgent: s.UserAgent, Now: env.Now, Rand: env.Rand}}
		given  joinArguments
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "check ENDPOINT --token TOKEN --discovery-token-ca-cert-hash HASH | check -- COMMAND | check -",
		SuggestFor: []string{"join", "register", "verify", "validate", "test"},
		Short:      "Check on the joining side whether a join would work, and why not",
		Long: `Replay a join on the machine that joins, with the flags of the printed command, step by step up to the first step that would
change something. Nothing is changed, neither here nor on the control plane. No kubeconfig is read: --token is the bootstrap
token. COMMAND is the whole command as it was printed or pasted; - reads it from standard input, also over several lines.
Flags of the joiner that do not concern the control plane are accepted, and listed as not checked. The exit code is 4 if the
join would fail, and 1 if an answer did not come in time, so that nobody can tell.`,
		Example: `  joinctl check api.example.org:5443 --token 07401b.f395accd246ae52d --discovery-token-ca-cert-hash sha256:aa1744b1f92fcb12ef27b37ca3b29bf5a23d92eff9a1b2bbd1f1a7f0e1e1d1c1
  joinctl check --wait 30s -o json -- sudo kubeadm join api.example.org:6443 --token 07401b.f395accd246ae52d --discovery-token-unsafe-skip-ca-verification`,
		Annotations: map[string]string{selectsNothing: "true"},
		Args: func(_ *cobra.Command, args []string) (err error) {
			check.Attempt, err = given.parse(env, args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			checked, err := check.Run(cmd.Context())
			err = errors.Join(err, output.Print(env.Out, &format, stepList(s, checked.Steps), stepView()))
			if err == nil {
				reportSteps(s, &check, checked)
			}
			return finish(err, checked.Findings, nil)
		},
	}
	addOutput(cmd, &format)
	given.register(cmd)
	cmd.Flags().DurationVar(&check.Member.Wait, "wait", 0, "how long to retry while cluster-info or its signature is missing")
	preRun(cmd, func() error {
		if check.Member.Wait < 0 {
			return errors.New("--wait: a time cannot be negative")
		}
		return refuseConnection(cmd)
	})
	return cmd
}

// reportSteps shows warnings, and the result if no step failed.
func reportSteps(s *session.Session, check *action.Check, checked *action.CheckedJoin) {
	catalog := problem.NewCatalog()
	for _, step := range checked.Steps {
		if step.Status != discovery.Warning {
			continue
		}
		s.Terminal.Warn("%s: %s", step.Name, withCode(step.Cause, catalog.Code(problem.Step, step.Name)))
		if step.Fix != "" {
			s.Terminal.Info("hint: %s", step.Fix)
		}
	}
	if len(checked.Findings) == 0 {
		s.Terminal.Info("all checks passed: the join at %s should work", check.Attempt.Endpoint.HostPort())
	}
}

// A stepItem is a step of a join in a document.
type stepItem struct {
	Name   string `json:"name"`             // of the step
	Status string `json:"status"`           // ok, failed, warning, unknown (no answer in time) or skipped
	Code   string `json:"code"`             // of the step, whatever its status
	Cause  string `json:"cause"`            // reason for the status
	Fix    string `json:"remedy,omitempty"` // what to do about it; absent: nothing
}

// cell returns the cause, with the code of a step that is neither ok nor skipped.
func (i stepItem) cell() string {
	switch discovery.Status(i.Status) {
	case discovery.Failed, discovery.Warning, discovery.Unknown:
		return withCode(i.Cause, i.Code)
	case discovery.OK, discovery.Skipped:
	}
	return i.Cause
}

func stepList(s *session.Session, steps []discovery.Step) output.List[stepItem] {
	list := output.List[stepItem]{Kind: "CheckStepList"}
	catalog := problem.NewCatalog()
	for _, step := range steps {
		list.Items = append(list.Items, stepItem{step.Name, string(step.Status), catalog.Code(problem.Step, step.Name), step.Cause, s.Terminal.CommandText(step.Fix)})
	}
	return list
}

func stepView() output.View[stepItem] {
	return output.View[stepItem]{
		Name: func(i stepItem) string { return "step/" + i.Name },
		Columns: []output.Column[stepItem]{
			{Title: "Step", Cell: func(i stepItem) string { return i.Name }},
			{Title: "Status", Cell: func(i stepItem) string { return i.Status }, Tone: stepTone},
			{Title: "Cause", Cell: stepItem.cell, Wrap: true},
			{Title: "Remedy", Wide: true, Cell: func(i stepItem) string { return i.Fix }},
		},
	}
}
