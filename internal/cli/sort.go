// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/output"
)

// addSortBy gives a command that lists items of type T --sort-by. usual says by what the list is sorted without it.
func addSortBy[T any](cmd *cobra.Command, key *output.SortKey, example, usual string) {
	cmd.Flags().TextVar(key, "sort-by", output.SortKey{}, "sort by this field of the document, a `JSONPath` such as "+example+", and not by "+usual)
	declareChoices(cmd.Flags(), "sort-by", output.SortKeys[T]()...)
	preRun(cmd, func() error { return output.CheckSortKey[T](*key) })
}
