// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/token"
)

func newToken(env *Env, conn *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Manage bootstrap tokens",
		Long: `Manage bootstrap tokens: the short-lived credentials with which a cluster that joins and the control plane that it
joins come to trust each other. A token has the form [a-z0-9]{6}.[a-z0-9]{16}: a public token ID and a token secret.
The control plane keeps it as the Secret bootstrap-token-ID in the namespace kube-system.`,
	}
	cmd.AddCommand(
		newTokenCreate(env, conn),
		newTokenList(conn),
		newTokenDelete(env, conn),
		newTokenCommand(env, conn),
		newTokenGenerate(env),
	)
	for _, sub := range cmd.Commands() {
		before(sub, conn.refuseBootstrapBearer)
		if sub.Flags().Lookup("dry-run") == nil {
			acceptDryRun(sub)
		}
	}
	return cmd
}

// acceptDryRun takes --dry-run where nothing is changed anyway: kubeadm has it on all its token commands.
func acceptDryRun(cmd *cobra.Command) {
	ignored := dryRunNone
	addDryRun(cmd, &ignored)
	cmd.Flags().Lookup("dry-run").Hidden = true
}

// refuseBootstrapBearer catches a token that was given where kubectl takes the credential for the API server.
func (c *connection) refuseBootstrapBearer() error {
	if token.LooksLike(c.overrides.AuthInfo.Token) {
		return errors.New("--token is the credential for the API server, as in kubectl; a bootstrap token is given as an argument, with - on standard input, or with --token-file")
	}
	return nil
}
