// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newSAInspect(env *Env, s *session.Session) *cobra.Command {
	var (
		inspect = action.SAInspect{Session: s}
		file    string
		format  output.Format
	)
	cmd := &cobra.Command{
		Use:        "inspect TOKEN | -",
		SuggestFor: []string{"show", "describe", "decode"},
		Short:      "Show what a token says, without showing the token",
		Long: `Show what a token says about itself: the ServiceAccount, the audiences, when it expires and which object it ends with. No
server is asked, and the signature is not verified; --review has the server review it. A bootstrap token is recognised too.
A token given as an argument shows in process lists and shell histories: use - or --token-file.`,
		Example: `  joinctl sa token robot | joinctl sa inspect -
  joinctl sa token robot | joinctl sa inspect - --review -o jsonpath={.items[0].review.user}`,
		Args: func(_ *cobra.Command, args []string) error {
			words, err := readArgs(env, args, file)
			if err != nil {
				return err
			}
			if len(words) != 1 {
				return fmt.Errorf("exactly one token is inspected at a time, as an argument, with - on standard input or with --token-file; got %d", len(words))
			}
			inspect.Bearer, err = action.ParseBearer(words[0])
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := inspect.Run(cmd.Context())
			if err != nil {
				return err
			}
			list := output.List[inspectionItem]{Kind: "TokenInspectionList", Failures: failureItems(s, found.Failures)}
			for _, one := range found.Items {
				list.Items = append(list.Items, newInspectionItem(one))
			}
			return finish(printInspections(env, &format, list), found.Findings, found.Failures)
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().StringVar(&file, "token-file", "", "file with the token to inspect, or - for standard input")
	cmd.Flags().BoolVar(&inspect.Review, "review", false, "ask the server whether it accepts the token, and as which user")
	return cmd
}
