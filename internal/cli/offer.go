// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// An offer is the join command that the operator wants printed, if any.
type offer struct {
	printRegister bool // --print-register-command
	printJoin     bool // --print-join-command
	joiner        join.Joiner
	endpoint      join.Endpoint
	key           join.CertificateKey
	noVerify      bool
	wait          time.Duration
}

// prints reports whether a command is wanted at all.
func (o *offer) prints() bool { return o.printRegister || o.printJoin }

// register adds the flags of token create.
func (o *offer) register(cmd *cobra.Command, wait time.Duration) {
	o.common(cmd, wait)
	flags := cmd.Flags()
	flags.BoolVar(&o.printRegister, "print-register-command", false, "print the karmadactl register command in place of the token")
	flags.BoolVar(&o.printJoin, "print-join-command", false, "print the kubeadm join command in place of the token")
	cmd.MarkFlagsMutuallyExclusive("print-register-command", "print-join-command")
	before(cmd, func() error {
		implied := map[bool]join.Joiner{o.printRegister: join.Karmada, o.printJoin: join.Kubeadm}[true]
		if o.prints() && flags.Changed("joiner") && o.joiner != implied {
			return fmt.Errorf("--joiner %s contradicts the command to print, which is for %s", o.joiner, implied)
		}
		if o.prints() {
			o.joiner = implied
		}
		for _, name := range []string{"endpoint", "no-verify", "wait", "certificate-key"} {
			if flags.Changed(name) && !o.prints() {
				return fmt.Errorf("--%s goes with --print-register-command or --print-join-command", name)
			}
		}
		return o.check()
	})
}

// common adds the flags that token create and token command share.
func (o *offer) common(cmd *cobra.Command, wait time.Duration) {
	o.joiner = join.Karmada
	flags := cmd.Flags()
	flags.Var(&o.joiner, "joiner", "which program will join: karmada or kubeadm")
	flags.Var(&o.endpoint, "endpoint", "address of the control plane for the joining side (default: the kubeconfig's server)")
	flags.Var(&o.key, "certificate-key", "key for joining as a further control plane node, for kubeadm join")
	flags.BoolVar(&o.noVerify, "no-verify", false, "take address and CA pins from the kubeconfig alone, and check nothing")
	flags.DurationVar(&o.wait, "wait", wait, "longest time to wait for cluster-info to be signed with the token, 0 for none")
	cmd.MarkFlagsMutuallyExclusive("no-verify", "wait")
}

func (o *offer) check() error {
	if !o.key.IsZero() && o.joiner != join.Kubeadm {
		return errors.New("--certificate-key is for kubeadm: it goes with --print-join-command or --joiner kubeadm")
	}
	if o.wait < 0 {
		return errors.New("--wait: a time cannot be negative")
	}
	return nil
}

// find learns what the command needs to know, and makes sure that it will work.
func (o *offer) find(ctx context.Context, env *Env, target fleet.Target, c *kube.Client) (*discovery.Result, error) {
	klog.V(1).InfoS("finding out what a joiner needs", "context", target.Context, "joiner", o.joiner, "verify", !o.noVerify)
	var (
		finding *discovery.Result
		err     error
	)
	if o.noVerify {
		finding, err = discovery.FromKubeconfig(c, o.joiner, o.endpoint)
	} else {
		finding, err = discovery.Verify(ctx, c, o.joiner, o.endpoint)
	}
	if finding == nil {
		return nil, err
	}
	if target.Context == kube.InCluster && o.endpoint.IsZero() {
		env.warn("%s is the address inside this cluster; name one that others reach with --endpoint HOST:PORT", finding.Endpoint.HostPort())
	}
	for _, warning := range finding.Warnings {
		env.warn("%s", warning)
	}
	return finding, err
}

// command returns the join command for a token, which names the cluster that the token is for.
func (o *offer) command(finding *discovery.Result, tok token.Token, spec token.Spec) join.Command {
	command := finding.Command(tok, o.key)
	if name, err := join.ParseClusterName(spec.For); err == nil && o.joiner == join.Karmada {
		command.ClusterName = name
	}
	return command
}

// fits warns of groups that the joiner's rights are usually not bound to.
func (o *offer) fits(env *Env, id string, spec token.Spec) {
	if spec.Has(token.Authentication) && !slices.Contains(spec.Groups, o.joiner.Group()) {
		env.warn("token %s is not in group %s, to which the rights of a %s joiner are usually bound", id, o.joiner.Group(), o.joiner)
	}
}

// await waits for the signatures. What it returns is a problem where tokens are there and cannot be used yet.
func (o *offer) await(ctx context.Context, env *Env, finding *discovery.Result, toks ...token.Token) error {
	klog.V(1).InfoS("waiting for signatures", "tokens", len(toks), "upTo", o.wait)
	const soon = time.Second
	left, err := finding.WaitSigned(ctx, min(o.wait, soon), toks...)
	if rest := o.wait - soon; rest > 0 && errors.Is(err, discovery.ErrUnsigned) {
		if env.ErrTTY {
			env.say("waiting up to %s for cluster-info to be signed with %s …", rest, tokensNamed(left))
		}
		left, err = finding.WaitSigned(ctx, rest, left...)
	}
	switch {
	case err == nil, failure.ReasonOf(err) == failure.Interrupted:
		return err
	case errors.Is(err, discovery.ErrUnsigned):
		return &problem{
			text: fmt.Sprintf("%s: within %s: %v; whoever joins waits for that, and fails in the end", tokensNamed(left), o.wait, err),
			hint: "the controller bootstrapsigner of kube-controller-manager signs; it is off by default, and misses an update at times: changing the token's Secret makes it look again",
		}
	}
	return &problem{text: fmt.Sprintf("%s: whether cluster-info is signed cannot be told: %v", tokensNamed(left), err)}
}

// tokensNamed names one token, or a few of many.
func tokensNamed(toks []token.Token) string {
	if len(toks) == 1 {
		return "token " + toks[0].ID
	}
	ids := make([]string, len(toks))
	for i, tok := range toks {
		ids[i] = tok.ID
	}
	return fmt.Sprintf("%d tokens (%s)", len(toks), strings.Join(shortly(ids), ", "))
}
