// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
)

func newCheck(env *Env) *cobra.Command {
	var (
		attempt join.Attempt
		given   pasted
		format  output.Format
		wait    time.Duration
	)
	cmd := &cobra.Command{
		Use:   "check ENDPOINT --token TOKEN --discovery-token-ca-cert-hash HASH | check -- COMMAND | check -",
		Short: "Find out on the joining side whether a join would work, and why not",
		Long: `Replay a join from the machine that is to join, with the flags of the printed command, step by step up to where
something would change. Nothing is changed, neither here nor on the control plane. No kubeconfig is read: --token is the
bootstrap token here. COMMAND is the whole command as it was printed or pasted; with - it is read from standard input,
over several lines too. Flags of the joiner that say nothing of the control plane are accepted and named as not checked.
The exit code is 4 if the join would fail.`,
		Example: `  joinctl check api.example.org:5443 --token 07401b.f395accd246ae52d --discovery-token-ca-cert-hash sha256:aa1744b1f92fcb12ef27b37ca3b29bf5a23d92eff9a1b2bbd1f1a7f0e1e1d1c1
  joinctl check --wait 30s -o json -- sudo kubeadm join api.example.org:6443 --token 07401b.f395accd246ae52d --discovery-token-unsafe-skip-ca-verification`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			attempt, err = given.attempt(env, args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			klog.V(1).InfoS("replaying a join", "joiner", attempt.Joiner, "endpoint", attempt.Endpoint.HostPort())
			member := discovery.Member{UserAgent: "joinctl/" + buildVersion(env), Now: env.Now, Rand: env.Rand, Wait: wait}
			steps := member.Replay(cmd.Context(), attempt)
			if err := output.Print(env.Out, &format, stepDocument(steps), stepView()); err != nil {
				return err
			}
			if err := cmd.Context().Err(); err != nil {
				return fmt.Errorf("check the join at %s: %w", attempt.Endpoint.HostPort(), err)
			}
			return verdict(env, attempt, steps)
		},
	}
	addOutput(cmd, &format)
	given.register(cmd)
	cmd.Flags().DurationVar(&wait, "wait", 0, "longest time to look again for what is not there yet: cluster-info and its signature")
	before(cmd, func() error {
		if wait < 0 {
			return errors.New("--wait: a time cannot be negative")
		}
		return refuseConnection(cmd)
	})
	return cmd
}

// verdict tells people what is wrong, and makes a problem of what the join would fail at.
func verdict(env *Env, attempt join.Attempt, steps []discovery.Step) error {
	var problems []error
	for _, step := range steps {
		switch step.Status {
		case discovery.Failed:
			problems = append(problems, &problem{text: fmt.Sprintf("the join would fail at %s: %s", step.Name, step.Cause), hint: step.Remedy})
		case discovery.Warning:
			env.warn("%s: %s", step.Name, step.Cause)
			if step.Remedy != "" {
				env.say("hint: %s", step.Remedy)
			}
		case discovery.OK, discovery.Skipped:
		}
	}
	if len(problems) == 0 {
		env.say("nothing that a member can see speaks against the join at %s", attempt.Endpoint.HostPort())
	}
	return errors.Join(problems...)
}

// A stepItem is a step of a join in a document.
type stepItem struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Cause  string `json:"cause"`
	Remedy string `json:"remedy,omitempty"`
}

func stepDocument(steps []discovery.Step) output.List[stepItem] {
	out := output.List[stepItem]{Kind: "CheckStepList"}
	for _, step := range steps {
		out.Items = append(out.Items, stepItem{step.Name, string(step.Status), step.Cause, step.Remedy})
	}
	return out
}

func stepView() output.View[stepItem] {
	return output.View[stepItem]{
		Name: func(i stepItem) string { return "step/" + i.Name },
		Columns: []output.Column[stepItem]{
			{Title: "Step", Cell: func(i stepItem) string { return i.Name }},
			{Title: "Status", Cell: func(i stepItem) string { return i.Status }},
			{Title: "Cause", Cell: func(i stepItem) string { return i.Cause }},
			{Title: "Remedy", Wide: true, Cell: func(i stepItem) string { return i.Remedy }},
		},
	}
}
