// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/token"
)

func newTokenGenerate(env *Env) *cobra.Command {
	count := countValue(1)
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Print random tokens without telling any server",
		Long: `Print random tokens, one per line, without telling any server. They become good for something when they are given to
token create, or to the tool that sets up a control plane.`,
		Example: `  joinctl token generate
  joinctl token generate --count 3`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			var out strings.Builder
			ids := map[string]bool{}
			for len(ids) < int(count) {
				tok, err := token.Generate(env.Rand)
				if err != nil {
					return err
				}
				if !ids[tok.ID] {
					ids[tok.ID] = true
					out.WriteString(tok.Reveal() + "\n")
				}
			}
			_, err := env.Out.Write([]byte(out.String()))
			return err
		},
	}
	cmd.Flags().Var(&count, "count", "how many tokens to print, no two with the same ID")
	return cmd
}
