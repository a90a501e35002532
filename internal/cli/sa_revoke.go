// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validation"
)

func newSARevoke(env *Env, conn *connection) *cobra.Command {
	r := revocation{env: env, conn: conn}
	cmd := &cobra.Command{
		Use:   "revoke NAME… | - | --expired",
		Short: "Revoke revocable tokens of ServiceAccounts",
		Long: `Revoke tokens that sa token --revocable or sa kubeconfig --revocable made, by deleting the Secret that a token is bound to.
NAME is that Secret, as sa list shows it. All are tried, and each that fails is named. The server may accept a revoked
token for about 10 seconds more.

--expired removes the Secrets of tokens that are over: it shows which, and asks.`,
		Example: `  joinctl sa revoke robot-token-5f3a9c01de -n ci
  joinctl sa list -n ci -o name | joinctl sa revoke - -n ci
  joinctl sa revoke --expired -A --yes`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			r.names, err = parseBindings(env, args, r.expired)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	addOutput(cmd, &r.format)
	addNamespace(cmd, conn)
	flags := cmd.Flags()
	flags.BoolVar(&r.expired, "expired", false, "remove all whose token is over, in place of named ones")
	flags.BoolVarP(&r.allNamespaces, "all-namespaces", "A", false, "with --expired: in all namespaces")
	flags.BoolVarP(&r.yes, "yes", "y", false, "with --expired: do not ask")
	before(cmd, func() error {
		if r.allNamespaces && !r.expired {
			return errors.New("--all-namespaces goes with --expired: a name is of one namespace")
		}
		return nil
	})
	return cmd
}

// parseBindings reads names of Secrets from arguments or standard input, each once. What is no name is not repeated.
func parseBindings(env *Env, args []string, expired bool) ([]string, error) {
	if expired {
		if len(args) > 0 {
			return nil, errors.New("--expired goes without names")
		}
		return nil, nil
	}
	words, err := given(env, args, "")
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("name the Secrets of the tokens to revoke, as sa list shows them, or say --expired")
	}
	var names []string
	for i, word := range words {
		name := strings.TrimPrefix(word, "secret/")
		if len(validation.NameIsDNSSubdomain(name, false)) > 0 {
			return nil, fmt.Errorf("name %d of %d is none of a Secret", i+1, len(words))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
