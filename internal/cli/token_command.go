// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenCommand(env *Env, s *session.Session) *cobra.Command {
	var (
		load     = action.TokenCommand{Session: s, Join: action.JoinCommandOptions{Wanted: true}}
		file     string
		clusters []string
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:        "command REF | -",
		SuggestFor: []string{"join-command", "register-command"},
		Short:      "Print the join command of a token that exists",
		Long: `Print the join command of a token that exists. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME;
CONTEXT/ before it names its context. --for names the token for a cluster. The command is checked as token create checks it.
A token that the server refuses has no command. A token for a cluster that is a member already has one only with --rejoin.`,
		Example: `  joinctl token command 07401b
  joinctl token command --for member1
  joinctl token command hub-1/07401b
  joinctl token command 07401b --joiner kubeadm --endpoint api.example.org:6443`,
		Args: func(_ *cobra.Command, args []string) error {
			refs, err := parseTokenRefs(env, s, args, file, clusters, readArgs)
			if err != nil {
				return err
			}
			if len(refs) > 1 {
				return errors.New("one token has one command: name a single REF, or a single cluster")
			}
			load.Ref = refs[0]
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := load.Run(cmd.Context())
			if err != nil {
				return err
			}
			list := output.List[tokenItem]{Kind: "TokenList", Failures: failureItems(s, loaded.Failures)}
			for _, one := range loaded.Tokens {
				item := createdItem(one, false)
				item.Status = string(token.OK)
				list.Items = append(list.Items, item)
			}
			err = printCredentials(env, s, &format, list, credentialShape{commands: true})
			return finish(err, loaded.Findings, loaded.Failures)
		},
	}
	addOutput(cmd, &format)
	addJoinCommand(cmd, &load.Join, 5*time.Second)
	cmd.Flags().StringVar(&file, "token-file", "", "file with the REF, or - for standard input")
	listVar(cmd.Flags(), &clusters, "for", "name", "name of the cluster that the token is for", parseClusterNames)
	preRun(cmd, func() error { return checkJoinCommand(&load.Join) })
	return cmd
}
