// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
)

func newSA(env *Env, conn *connection) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sa",
		Short: "Mint, hand over, inspect and revoke tokens of ServiceAccounts",
		Long: `Mint, hand over, inspect and revoke tokens of ServiceAccounts. Such a token is a JWT that the API server signs on request
and does not store: it dies when it expires, with the ServiceAccount, or with the object that it is bound to.`,
	}
	cmd.AddCommand(
		newSAToken(env, conn),
		newSAKubeconfig(env, conn),
		newSACredential(env, conn),
		newSAInspect(env, conn),
		newSAList(conn),
		newSARevoke(env, conn),
	)
	for _, sub := range cmd.Commands() {
		profiled(sub, &profile{})
	}
	return cmd
}

// addNamespace gives a command -n.
func addNamespace(cmd *cobra.Command, conn *connection) {
	cmd.Flags().StringVarP(&conn.overrides.Context.Namespace, "namespace", "n", "", "namespace of the ServiceAccount (default: the context's)")
}

// parseAccount reads the one argument NAME. It is not repeated: someone may have given a token.
func parseAccount(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("exactly one NAME of a ServiceAccount is needed, got %d", len(args))
	}
	if args[0] == "" {
		return "", errors.New("the name of a ServiceAccount cannot be empty")
	}
	if wrong := content.IsPathSegmentName(args[0]); len(wrong) > 0 {
		return "", errors.New("the name of a ServiceAccount " + strings.Join(wrong, ", and "))
	}
	return args[0], nil
}

// accountIn returns the ServiceAccount of a name in the namespace that is meant on a target.
func accountIn(target fleet.Target, name string) (satoken.Account, error) {
	entry, err := target.Entry()
	return satoken.Account{Namespace: entry.Namespace, Name: name}, err
}

// completeAccounts offers the ServiceAccounts of the namespace to the shell, as kubectl does.
func completeAccounts(cmd *cobra.Command, conn *connection) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]string, error) {
			namespace, err := namespaceIn(target, false)
			if err != nil {
				return nil, err
			}
			return c.ServiceAccounts(ctx, namespace)
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, result := range results {
			names = append(names, result.Value...)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
