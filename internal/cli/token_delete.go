// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenDelete(env *Env, s *session.Session) *cobra.Command {
	var (
		deletion = action.TokenDelete{Session: s}
		file     string
		clusters []string
		empty    string // the input that names no token
		expired  bool
		yes      bool
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:        "delete REF… | - | --expired",
		SuggestFor: []string{"remove", "revoke"},
		Aliases:    []string{"rm"},
		Short:      "Delete bootstrap tokens",
		Long: `Delete bootstrap tokens. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME; CONTEXT/ before it names
its context. All are tried, and each failure is reported. The server may accept a deleted token for about 10 seconds more.

If several contexts are selected, joinctl looks for a REF without a context in all of them, and deletes it if exactly one
has it. --everywhere deletes it in every context that has it: use it when a token has leaked.

--for names the token for a cluster, and goes without a REF. If the cluster has several tokens, joinctl shows them and asks. It
also asks if standard input names more than one token, before it deletes a token that another program uses (status other):
kubeadm's certificates go with the token of --upload-certs, and while a joiner waits for its certificate, which it reads with
the token. --yes skips the questions.

Empty standard input, or an empty --token-file, is no mistake: there is nothing to delete. In a script with a pipe, set -o pipefail,
or a list that failed looks empty. --expired deletes all expired tokens, as joinctl token prune does: it shows them, and asks.`,
		Example: `  joinctl token delete 07401b
  joinctl token delete 07401b secret/bootstrap-token-abcdef --ignore-not-found
  joinctl token delete --for member1
  joinctl token delete hub-1/07401b hub-2/abcdef
  joinctl token delete 07401b --all-contexts --everywhere
  joinctl token list --for member1 -o name | joinctl token delete - --yes
  joinctl token delete --expired --yes`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			if expired {
				return goesWithExpired(args, file, clusters, deletion.Everywhere)
			}
			deletion.Listed = fromStdin(args, file)
			deletion.Refs, err = parseTokenRefs(env, s, args, file, clusters, readList)
			empty, err = unlessEmpty(err)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if expired {
				return runPrune(cmd, env, s, &action.TokenPrune{Session: s, DryRun: deletion.DryRun}, yes, &format)
			}
			return runDelete(cmd, env, s, &deletion, empty, yes, &format)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	listVar(flags, &clusters, "for", "name", "delete the tokens for this cluster (repeatable, or a list)", parseClusterNames)
	flags.BoolVar(&expired, "expired", false, "delete all expired tokens, in place of named ones")
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask, whatever the token is used for and however many there are")
	flags.BoolVar(&deletion.IgnoreNotFound, "ignore-not-found", false, "treat a missing token as deleted")
	flags.BoolVar(&deletion.Everywhere, "everywhere", false, "delete a REF without a context in every selected context that has it; a context without it is no failure")
	addDryRun(cmd, &deletion.DryRun)
	return cmd
}

// runDelete deletes tokens and prints them. empty is the input that names no token, if one was read.
func runDelete(cmd *cobra.Command, env *Env, s *session.Session, deletion *action.TokenDelete, empty string, yes bool, format *output.Format) error {
	if empty != "" {
		s.Terminal.Info("nothing to delete: %s is empty", empty)
		return finish(printDeleted(env, s, format, deletion.DryRun, nil, s.NewFailures()), nil, nil)
	}
	if !yes {
		deletion.Confirm = func(plan []action.DeletedToken) bool { return confirmTokens(s, plan) }
		deletion.ConfirmOther = func(one action.DeletedToken, purpose string) bool { return confirmOther(s, one, purpose) }
		deletion.ConfirmPending = func(one action.DeletedToken, uses token.Uses) bool { return confirmPending(s, one, uses) }
	}
	deletion.Nowhere = func(name string, searched []fleet.Target) { reportNowhere(s, name, searched) }
	deleted, failures, err := deletion.Run(cmd.Context())
	if err != nil {
		return err
	}
	return finish(printDeleted(env, s, format, deletion.DryRun, deleted, failures), nil, failures)
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

// confirmPending says who still waits for a certificate, and asks.
func confirmPending(s *session.Session, one action.DeletedToken, uses token.Uses) bool {
	ref := token.Ref{Name: one.Object.Name}
	s.Terminal.Info("token %s in %s is in use: %s", ref, session.Describe(one.Target), pendingText(uses))
	return s.Terminal.Confirm(fmt.Sprintf("delete token %s?", ref))
}

// pendingText names the certificate requests that wait.
func pendingText(uses token.Uses) string {
	text := fmt.Sprintf("%s (%s)", failure.Count(len(uses.Waiting), "pending certificate request"), failure.Few(uses.Waiting))
	if len(uses.By) > 0 {
		text += " of " + failure.Few(uses.By)
	}
	return text + "; without the token a joiner cannot fetch its certificate"
}

// reportNowhere says that an object is in none of the targets, and which these are.
func reportNowhere(s *session.Session, name string, searched []fleet.Target) {
	if len(searched) == 1 {
		s.Terminal.Info("%s not found in %s: nothing to do", name, session.Describe(searched[0]))
		return
	}
	names := make([]string, len(searched))
	for i, target := range searched {
		names[i] = s.DisplayName(target)
	}
	s.Terminal.Info("%s not found in %s (%s): nothing to do", name, failure.Count(len(searched), s.Noun()), failure.Quoted(names))
}

// goesWithExpired refuses what names tokens together with --expired.
func goesWithExpired(args []string, file string, clusters []string, everywhere bool) error {
	if len(args) > 0 || file != "" || len(clusters) > 0 || everywhere {
		return errors.New("--expired goes without a REF, --token-file, --for and --everywhere")
	}
	return nil
}

// A deletedItem is a deleted token in a document.
type deletedItem struct {
	Context string `json:"context"`          // context of the kubeconfig
	ID      string `json:"id,omitempty"`     // token ID; absent: the name of the Secret has none
	Name    string `json:"name"`             // of the Secret
	For     string `json:"for,omitempty"`    // the cluster that it was named by
	Status  string `json:"status"`           // deleted, or what a dry run would do
	Reason  string `json:"reason,omitempty"` // why it was pruned
}

func (i deletedItem) place() place { return place{context: i.Context, name: cmp.Or(i.ID, i.Name)} }

// printDeleted prints a line for each token by default, as kubectl does.
func printDeleted(env *Env, s *session.Session, format *output.Format, dryRun action.DryRun, deleted []action.DeletedToken, failures *session.Failures) error {
	var items []deletedItem
	for _, one := range deleted {
		item := newDeletedItem(one.Target, one.Object.Name, dryRun)
		item.For = one.Ref.Cluster
		items = append(items, item)
	}
	return printDeletions(env, s, format, items, failures)
}

func newDeletedItem(target fleet.Target, name string, dryRun action.DryRun) deletedItem {
	return deletedItem{Context: target.Context, ID: token.Ref{Name: name}.ID(), Name: name, Status: "deleted" + dryRun.Suffix()}
}

func printDeletions(env *Env, s *session.Session, format *output.Format, items []deletedItem, failures *session.Failures) error {
	list := output.List[deletedItem]{Kind: "TokenDeletionList", Items: items, Failures: failureItems(s, failures)}
	view := withPlace(s, output.View[deletedItem]{
		Name: func(i deletedItem) string { return "secret/" + i.Name },
		Columns: []output.Column[deletedItem]{
			{Title: "Token", Cell: func(i deletedItem) string { return cmp.Or(i.ID, i.Name) }},
			{Title: "Status", Cell: func(i deletedItem) string { return i.Status }},
			{Title: "Reason", Wide: true, Cell: func(i deletedItem) string { return cmp.Or(i.Reason, none) }},
		},
	}, deletedItem.place)
	return printLines(env, s, format, list, view, func(i deletedItem) string {
		return fmt.Sprintf("bootstrap token %q %s", qualifiedName(s, i.place()), i.Status)
	})
}
