// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/cobra"
)

func newTokenDelete(env *Env, conn *connection) *cobra.Command {
	var (
		file     string
		clusters []string
		d        = deletion{env: env, conn: conn, dry: dryRunNone}
	)
	cmd := &cobra.Command{
		Use:     "delete REF… | -",
		Aliases: []string{"rm"},
		Short:   "Delete bootstrap tokens",
		Long: `Delete bootstrap tokens. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME; with CONTEXT/ before
it, it is in that context, and in no other. All are tried, and each that fails is named. The server may accept a deleted
token for about 10 seconds more.

Where several contexts are selected, a REF without a context is looked for in all, and deleted if it is in exactly one.
With --everywhere it is deleted wherever it is: the answer to a token that has leaked.

With --for the token for a cluster is meant; where there are several for it, they are shown, and joinctl asks.`,
		Example: `  joinctl token delete 07401b
  joinctl token delete 07401b secret/bootstrap-token-abcdef --ignore-not-found
  joinctl token delete --for member1
  joinctl token delete hub-1/07401b hub-2/abcdef
  joinctl token delete 07401b --all-contexts --everywhere
  joinctl token list -o name | joinctl token delete -`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			d.places, err = conn.parseTokens(args, file, clusters)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	addOutput(cmd, &d.format)
	flags := cmd.Flags()
	flags.StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	flags.Var(&clustersValue{&clusters}, "for", "delete the tokens for this cluster (repeatable, or a list)")
	flags.BoolVarP(&d.yes, "yes", "y", false, "do not ask where a cluster has several tokens")
	flags.BoolVar(&d.ignoreNotFound, "ignore-not-found", false, "take a token that does not exist for deleted")
	flags.BoolVar(&d.everywhere, "everywhere", false, "delete in all selected contexts what is named without one; where it is not, there is nothing to do")
	addDryRun(cmd, &d.dry)
	return cmd
}

// addDryRun gives a command --dry-run; without a value it means client.
func addDryRun(cmd *cobra.Command, dry *dryRun) {
	cmd.Flags().Var(dry, "dry-run", "none; client: show what would be done; server: have the server check it too")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = string(dryRunClient)
}
