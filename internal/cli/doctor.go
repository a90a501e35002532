// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// signature is how long a probe waits for cluster-info to be signed with its token.
const signature = 5 * time.Second

func newDoctor(env *Env, conn *connection) *cobra.Command {
	d := diagnosis{env: env, conn: conn, joiner: join.Karmada}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Judge whether clusters can join a control plane, and what is wrong with it",
		Long: `Judge from the administrator's side whether clusters can join a control plane, and what is wrong with it: cluster-info
and who may read it, what joiners may do, the controllers that sign and clean up, and the tokens themselves. Each finding
has a severity, evidence and a remedy; the table shows errors and warnings, -o wide and the structured formats all.
Nothing is changed. Exit code 4 says that there are errors or warnings.

--probe tries a join as far as joinctl check does, with a token that it makes and deletes again: only so shows whether
the API server accepts bootstrap tokens.`,
		Example: `  joinctl doctor
  joinctl doctor --context hub -o wide
  joinctl doctor --probe --endpoint karmada.example.org:5443
  joinctl doctor -o jsonpath='{range .items[?(@.severity=="error")]}{.check}: {.remedy}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results, err := each(cmd.Context(), conn, 0, d.examine)
			if err != nil {
				return err
			}
			return d.report(results)
		},
	}
	addOutput(cmd, &d.format)
	flags := cmd.Flags()
	flags.Var(&d.joiner, "joiner", "which program will join: karmada or kubeadm")
	flags.BoolVar(&d.probe, "probe", false, "try a join as well, with a token that is made for 5 minutes and deleted again")
	flags.Var(&d.endpoint, "endpoint", "with --probe: address of the control plane to join at (default: the kubeconfig's server)")
	before(cmd, func() error {
		if flags.Changed("endpoint") && !d.probe {
			return errors.New("--endpoint goes with --probe")
		}
		return nil
	})
	return cmd
}

// A diagnosis is what doctor was asked for.
type diagnosis struct {
	env      *Env
	conn     *connection
	joiner   join.Joiner
	probe    bool
	endpoint join.Endpoint
	format   output.Format

	tried sync.Map // the ID of the token that each target is probed with
}

// examine judges one target.
func (d *diagnosis) examine(ctx context.Context, target fleet.Target, c *kube.Client) ([]controlplane.Finding, error) {
	klog.V(1).InfoS("examining", "context", target.Context, "server", c.Server().Host, "joiner", d.joiner, "probe", d.probe)
	findings, err := controlplane.Examine(ctx, c, d.joiner)
	if err != nil {
		return findings, err
	}
	if !d.probe {
		return append(findings, controlplane.Unprobed()), nil
	}
	tok, err := token.Generate(d.env.Rand)
	if err != nil {
		return findings, err
	}
	d.tried.Store(target, tok.ID)
	probed, err := controlplane.Probe{
		Member:   discovery.Member{UserAgent: "joinctl/" + buildVersion(d.env), Now: d.env.Now, Rand: d.env.Rand, Wait: signature},
		Joiner:   d.joiner,
		Endpoint: d.endpoint,
		Token:    tok,
	}.Run(ctx, c)
	d.tried.Delete(target)
	return append(findings, probed...), err
}

// named adds the token ID to a failure that leaves open whether the token of a probe exists.
func (d *diagnosis) named(result fleet.Result[[]controlplane.Finding]) error {
	id, tried := d.tried.Load(result.Target)
	if !tried || result.Err == nil {
		return result.Err
	}
	return &failure.Error{
		Err:  fmt.Errorf("token %s may exist for 5 minutes: %w", id, result.Err),
		Hint: fmt.Sprintf("joinctl token delete %s%s removes it", id, d.conn.flags(result.Target)),
	}
}
