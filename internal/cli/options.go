// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newOptions(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:         "options",
		Short:       "List the flags that every command takes",
		Example:     `  joinctl options`,
		Annotations: map[string]string{selectsNothing: "true"},
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			columns := helpColumns(env)
			var text strings.Builder
			text.WriteString(wrap("Every command takes these flags. Its help shows only those that select control planes.", columns) + "\n")
			for _, section := range flagSections(listedFlags(cmd.Root()), optionGroups(), columns) {
				text.WriteString("\n" + section.Title + ":\n" + section.Text + "\n")
			}
			_, err := io.WriteString(env.Out, text.String())
			return err
		},
	}
}
