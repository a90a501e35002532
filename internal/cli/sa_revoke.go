// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
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
NAME is that Secret, as sa list shows it; with CONTEXT/ before it, it is in that context, and with CONTEXT/MEMBER/ and
--members in that member. All are tried, and each that fails is named. The server may accept a revoked token for about 10
seconds more.

--expired removes the Secrets of tokens that are over: it shows which, and asks.`,
		Example: `  joinctl sa revoke robot-token-5f3a9c01de -n ci
  joinctl sa list -n ci -o name | joinctl sa revoke - -n ci
  joinctl sa revoke hub-1/robot-token-5f3a9c01de -n ci
  joinctl sa revoke robot-token-5f3a9c01de -n ci --context hub --member member1
  joinctl sa revoke --expired -A --yes`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			r.places, err = conn.parseBindings(args, r.expired)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	addOutput(cmd, &r.format)
	addNamespace(cmd, conn)
	conn.members.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&r.expired, "expired", false, "remove all whose token is over, in place of named ones")
	flags.BoolVarP(&r.allNamespaces, "all-namespaces", "A", false, "with --expired: in all namespaces")
	flags.BoolVar(&r.everywhere, "everywhere", false, "revoke in all selected contexts what is named without one; where it is not, there is nothing to do")
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
func (c *connection) parseBindings(args []string, expired bool) ([]place, error) {
	if expired {
		if len(args) > 0 {
			return nil, errors.New("--expired goes without names")
		}
		return nil, nil
	}
	if len(args) == 0 {
		return nil, errors.New("name the Secrets of the tokens to revoke, as sa list shows them, or say --expired")
	}
	return c.parsePlaces(args, "", func(word string) (string, error) {
		name := strings.TrimPrefix(word, "secret/")
		if len(validation.NameIsDNSSubdomain(name, false)) > 0 {
			return "", errors.New("it is not the name of a Secret")
		}
		return name, nil
	})
}
