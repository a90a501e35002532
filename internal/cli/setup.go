// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
)

func newSetup(env *Env, conn *connection) *cobra.Command {
	s := setup{env: env, conn: conn, dry: dryRunNone}
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Make a Karmada control plane joinable with bootstrap tokens",
		Long: `Make a Karmada control plane joinable with bootstrap tokens: publish cluster-info with an address and the kubeconfig's
CA, and allow what karmadactl register does. What is allowed already, by whatever role, is left alone; the rest is made
under the names that Karmada's installers use. The plan is shown first, and asked about. Everything is rehearsed on the
server before the first change, and taken back if one fails.

It cannot start what a joiner needs beside that: the bootstrap signer and the token cleaner of kube-controller-manager,
the approver of karmada-controller-manager, anonymous and bootstrap token authentication of kube-apiserver. joinctl
doctor tells whether they are there.`,
		Example: `  joinctl setup --endpoint karmada.example.org:5443
  joinctl setup --context hub --endpoint karmada.example.org:5443 --yes
  joinctl setup --endpoint karmada.example.org:5443 --dry-run=client -o yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.dry == dryRunClient && s.format.Structured() {
				return s.manifests()
			}
			return s.run(cmd.Context())
		},
	}
	addOutput(cmd, &s.format)
	flags := cmd.Flags()
	flags.Var(&s.endpoint, "endpoint", "address of the control plane for joiners (default: that in cluster-info, else the kubeconfig's server)")
	flags.BoolVar(&s.force, "force", false, "overwrite a cluster-info that exists and differs")
	flags.BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	addDryRun(cmd, &s.dry)
	return cmd
}

// A setup is what setup was asked for.
type setup struct {
	env      *Env
	conn     *connection
	endpoint join.Endpoint
	force    bool
	yes      bool
	dry      dryRun
	format   output.Format
}

// run plans on every target, asks once, and then makes the changes.
func (s *setup) run(ctx context.Context) error {
	plans, err := each(ctx, s.conn, 0, s.plan)
	if err != nil {
		return err
	}
	if s.show(plans) && s.dry == dryRunNone && !s.yes && !s.env.agrees("make these changes?") {
		return errors.New("nothing was changed: not without a yes")
	}
	if s.dry != dryRunNone {
		return s.report(plans)
	}
	byContext := map[string]fleet.Result[planned]{}
	for _, plan := range plans {
		byContext[plan.Target.Context] = plan
	}
	results, err := each(ctx, s.conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (planned, error) {
		plan := byContext[target.Context]
		if plan.Err != nil {
			return plan.Value, plan.Err
		}
		klog.V(1).InfoS("setting a control plane up", "context", target.Context, "server", c.Server().Host, "changes", len(plan.Value.plan.Changes))
		return s.apply(ctx, target, c, plan.Value)
	})
	if err != nil {
		return err
	}
	return s.report(results)
}

// A planned is what is to be done on a target.
type planned struct {
	plan    *controlplane.Plan // nil: it failed before
	done    bool
	problem error // what does not work although all was done
}

// plan finds out what is missing on a target, and whether it may be made.
func (s *setup) plan(ctx context.Context, target fleet.Target, c *kube.Client) (planned, error) {
	klog.V(1).InfoS("planning", "context", target.Context, "server", c.Server().Host)
	plan, err := controlplane.NewPlan(ctx, c, s.endpoint, s.force)
	if err != nil {
		return planned{}, err
	}
	if s.dry == dryRunClient {
		return planned{plan: plan}, nil
	}
	return planned{plan: plan}, plan.DryRun(ctx, c)
}

// apply makes the changes on a target, and makes sure that they have the effect.
func (s *setup) apply(ctx context.Context, target fleet.Target, c *kube.Client, p planned) (planned, error) {
	if err := p.plan.Apply(ctx, c); err != nil {
		return p, fmt.Errorf("nothing is half done, what was made was taken back: %w", err)
	}
	p.done = true
	denied, err := p.plan.WaitEffective(ctx, c)
	for _, grant := range denied {
		p.problem = errors.Join(p.problem, &problem{
			text: fmt.Sprintf("%s: all is there, and yet not allowed: %s", described(target), grant.Purpose),
			hint: "another authorizer than RBAC may decide on this server",
		})
	}
	return p, err
}

// manifests prints all that a joinable control plane has, for kubectl apply. It asks no server.
func (s *setup) manifests() error {
	targets, err := s.conn.targets()
	if err != nil {
		return err
	}
	all := &unstructured.UnstructuredList{}
	all.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("List"))
	all.SetAPIVersion("v1")
	for _, target := range targets {
		c, err := s.conn.client(target)
		if err != nil {
			return err
		}
		objects, err := controlplane.Manifests(c, s.endpoint)
		if err != nil {
			return err
		}
		s.caveat(target, c)
		for _, object := range objects {
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
			if err != nil {
				return fmt.Errorf("convert %s: %w", controlplane.Describe(object), err)
			}
			all.Items = append(all.Items, unstructured.Unstructured{Object: content})
		}
	}
	return output.Object(s.env.Out, &s.format, all)
}
