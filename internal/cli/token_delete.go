// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenDelete(env *Env, s *session.Session) *cobra.Command {
	var (
		deletion = action.TokenDelete{Session: s}
		file     string
		clusters []string
		yes      bool
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:     "delete REF… | -",
		Aliases: []string{"rm"},
		Short:   "Delete bootstrap tokens",
		Long: `Delete bootstrap tokens. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME; CONTEXT/ before it names
its context. All are tried, and each failure is reported. The server may accept a deleted token for about 10 seconds more.

If several contexts are selected, joinctl looks for a REF without a context in all of them, and deletes it if exactly one
has it. --everywhere deletes it in every context that has it: use it when a token has leaked.

--for names the token for a cluster, and goes without a REF. If the cluster has several tokens, joinctl shows them and asks. It
also asks if standard input names more than one token, and before it deletes a token that another program uses (status other):
kubeadm's certificates go with the token of --upload-certs. --yes skips the questions.`,
		Example: `  joinctl token delete 07401b
  joinctl token delete 07401b secret/bootstrap-token-abcdef --ignore-not-found
  joinctl token delete --for member1
  joinctl token delete hub-1/07401b hub-2/abcdef
  joinctl token delete 07401b --all-contexts --everywhere
  joinctl token list -o name | joinctl token delete - --yes`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			deletion.Listed = fromStdin(args, file)
			deletion.Refs, err = parseTokenRefs(env, s, args, file, clusters)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				deletion.Confirm = func(plan []action.DeletedToken) bool { return confirmTokens(s, plan) }
				deletion.ConfirmOther = func(one action.DeletedToken, purpose string) bool { return confirmOther(s, one, purpose) }
			}
			deleted, failures, err := deletion.Run(cmd.Context())
			if err != nil {
				return err
			}
			return finish(printDeleted(env, s, &format, deletion.DryRun, deleted, failures), nil, failures)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	listVar(flags, &clusters, "for", "name", "delete the tokens for this cluster (repeatable, or a list)", parseClusterNames)
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask if a cluster has several tokens, standard input names several, or another program uses one")
	flags.BoolVar(&deletion.IgnoreNotFound, "ignore-not-found", false, "treat a missing token as deleted")
	flags.BoolVar(&deletion.Everywhere, "everywhere", false, "delete a REF without a context in every selected context that has it; a context without it is no failure")
	addDryRun(cmd, &deletion.DryRun)
	return cmd
}

// confirmTokens shows tokens that nobody named one by one, and asks.
func confirmTokens(s *session.Session, plan []action.DeletedToken) bool {
	for _, one := range plan {
		name := token.Ref{Name: one.Object.Name}.String()
		if one.Ref.Cluster != "" {
			name += ", for cluster " + one.Ref.Cluster
		}
		s.Terminal.Info("to be deleted in %s: token %s", session.Describe(one.Target), name)
	}
	return s.Terminal.Confirm(fmt.Sprintf("delete these %d?", len(plan)))
}

// confirmOther says what a token of another program is, and asks.
func confirmOther(s *session.Session, one action.DeletedToken, purpose string) bool {
	ref := token.Ref{Name: one.Object.Name}
	s.Terminal.Info("token %s in %s is not for joining: %s", ref, session.Describe(one.Target), purpose)
	return s.Terminal.Confirm(fmt.Sprintf("delete token %s?", ref))
}

// A deletedItem is a deleted token in a document.
type deletedItem struct {
	Context string `json:"context"`
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	For     string `json:"for,omitempty"` // the cluster that it was named by
	Status  string `json:"status"`
}

func (i deletedItem) place() place { return place{context: i.Context, name: cmp.Or(i.ID, i.Name)} }

// printDeleted prints a line for each token by default, as kubectl does.
func printDeleted(env *Env, s *session.Session, format *output.Format, dryRun action.DryRun, deleted []action.DeletedToken, failures *session.Failures) error {
	list := output.List[deletedItem]{Kind: "TokenDeletionList", Failures: failureItems(s, failures)}
	for _, one := range deleted {
		list.Items = append(list.Items, deletedItem{
			Context: one.Target.Context, ID: token.Ref{Name: one.Object.Name}.ID(), Name: one.Object.Name,
			For: one.Ref.Cluster, Status: "deleted" + dryRun.Suffix(),
		})
	}
	view := withPlace(s, output.View[deletedItem]{
		Name: func(i deletedItem) string { return "secret/" + i.Name },
		Columns: []output.Column[deletedItem]{
			{Title: "Token", Cell: func(i deletedItem) string { return cmp.Or(i.ID, i.Name) }},
			{Title: "Status", Cell: func(i deletedItem) string { return i.Status }},
		},
	}, deletedItem.place)
	return printLines(env, s, format, list, view, func(i deletedItem) string {
		return fmt.Sprintf("bootstrap token %q %s", qualifiedName(s, i.place()), i.Status)
	})
}
