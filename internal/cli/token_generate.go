// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
)

func newTokenGenerate(env *Env) *cobra.Command {
	generate := action.TokenGenerate{Count: 1, Rand: env.Rand}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Print random tokens that no server knows yet",
		Long: `Print random tokens that no server knows yet, one per line. Give them to token create, or to the tool that sets up a control
plane.`,
		Example: `  joinctl token generate
  joinctl token generate --count 3`,
		Annotations: map[string]string{selectsNothing: "true"},
		Args:        noArgs,
		RunE: func(*cobra.Command, []string) error {
			toks, err := generate.Run()
			if err != nil {
				return err
			}
			var out strings.Builder
			for _, tok := range toks {
				out.WriteString(tok.Reveal() + "\n")
			}
			_, err = io.WriteString(env.Out, out.String())
			return err
		},
	}
	countVar(cmd.Flags(), &generate.Count, "count", "how many tokens to print, each with an ID of its own")
	return cmd
}
