// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/join"
)

// addJoinCommand adds the flags that token create and token command share.
func addJoinCommand(cmd *cobra.Command, o *action.JoinCommandOptions, wait time.Duration) {
	flags := newFlagGroup(joinCommandGroup)
	flags.TextVar(&o.Joiner, "joiner", join.Karmada, "program that joins, the `joiner`: karmada or kubeadm")
	flags.TextVar(&o.Endpoint, "endpoint", join.Endpoint{}, "address `HOST:PORT` of the control plane for the joining side (default: the kubeconfig's server)")
	flags.TextVar(&o.CertificateKey, "certificate-key", join.CertificateKey{}, "`key` for joining as a further control plane node, for kubeadm join")
	flags.BoolVar(&o.NoVerify, "no-verify", false, "take address and CA pins from the kubeconfig alone, and check nothing")
	flags.DurationVar(&o.Wait, "wait", wait, "longest time to wait for cluster-info to be signed with the token, 0 for none")
	flags.BoolVar(&o.Rejoin, "rejoin", false, "go on although a member has the name of the cluster that joins: a join can destroy that member")
	addFlagGroup(cmd.Flags(), flags)
	cmd.MarkFlagsMutuallyExclusive("no-verify", "wait")
}

// joinerUsage is the usage of --joiner for commands that create tokens, which ask the server.
const joinerUsage = "program that joins, the `joiner`: karmada or kubeadm; a bare token is for kubeadm if the server does not have Karmada's API"

// checkJoinCommand refuses flags that contradict each other.
func checkJoinCommand(o *action.JoinCommandOptions) error {
	if !o.CertificateKey.IsZero() && !o.Joiner.TakesCertificateKey() {
		return errors.New("--certificate-key is for kubeadm: it goes with --print-join-command or --joiner kubeadm")
	}
	if o.Wait < 0 {
		return errors.New("--wait: a time cannot be negative")
	}
	return nil
}

// printFlags are the flags that name a join command to print.
type printFlags struct{ register, join bool }

// add adds the flags of token create. Each implies its joiner.
func (p *printFlags) add(cmd *cobra.Command, o *action.JoinCommandOptions) {
	flags := newFlagGroup(joinCommandGroup)
	flags.BoolVar(&p.register, "print-register-command", false, "print the karmadactl register command in place of the token")
	flags.BoolVar(&p.join, "print-join-command", false, "print the kubeadm join command in place of the token")
	addFlagGroup(cmd.Flags(), flags)
	cmd.MarkFlagsMutuallyExclusive("print-register-command", "print-join-command")
	preRun(cmd, func() error {
		if o.Wanted = p.register || p.join; o.Wanted {
			implied := map[bool]join.Joiner{true: join.Karmada, false: join.Kubeadm}[p.register]
			if cmd.Flags().Changed("joiner") && o.Joiner != implied {
				return fmt.Errorf("--joiner %s contradicts the command to print, which is for %s", o.Joiner, implied)
			}
			o.Joiner = implied
		}
		for _, name := range []string{"endpoint", "no-verify", "wait", "certificate-key"} {
			if cmd.Flags().Changed(name) && !o.Wanted {
				return fmt.Errorf("--%s goes with --print-register-command or --print-join-command", name)
			}
		}
		return checkJoinCommand(o)
	})
}
