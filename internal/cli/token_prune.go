// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenPrune(env *Env, s *session.Session) *cobra.Command {
	var (
		prune  = action.TokenPrune{Session: s}
		yes    bool
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "prune",
		SuggestFor: []string{"clean", "cleanup"},
		Short:      "Delete bootstrap tokens that nobody needs",
		Long: `Delete expired bootstrap tokens. The server's token cleaner does so where it runs; the Karmada operator does not start it.
--malformed, --unusable and --never-expires add other tokens; STATUS in token list shows which these are. --grace and --older-than
keep the younger ones.

joinctl shows the tokens and asks; it also shows certificate requests that wait and that were sent with one of them. --yes skips
the question. If there is nothing to prune, joinctl says so, and that is a success. A token that changes while joinctl asks is
not deleted.

These tokens always stay, and joinctl lists them: a token that owns other Secrets, which the garbage collector would delete with
it, such as that of kubeadm init --upload-certs; a token with usages of another program, such as those of k0s; a Secret of another
type. joinctl token delete REF deletes the first two, after a question.`,
		Example: `  joinctl token prune
  joinctl token prune --all-contexts --grace 24h --yes
  joinctl token prune --malformed --unusable --dry-run
  joinctl token prune --never-expires --older-than 720h`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPrune(cmd, env, s, &prune, yes, &format)
		},
	}
	addOutput(cmd, &format)
	flags, options := cmd.Flags(), &prune.Options
	flags.BoolVar(&options.Malformed, "malformed", false, "delete malformed tokens too")
	flags.BoolVar(&options.Unusable, "unusable", false, "delete unusable tokens too")
	flags.BoolVar(&options.NeverExpires, "never-expires", false, "delete tokens that never expire too; most of them still work")
	ageVar(flags, &options.Grace, "grace", "keep tokens that expired less than this ago")
	ageVar(flags, &options.OlderThan, "older-than", "keep tokens that were created less than this ago")
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask")
	addDryRun(cmd, &prune.DryRun)
	return cmd
}

// ageVar adds a flag for a time that has passed.
func ageVar(flags *pflag.FlagSet, d *time.Duration, name, usage string) {
	flags.Var(&value{
		kind: "duration",
		set: func(s string) error {
			parsed, err := time.ParseDuration(s)
			if err != nil || parsed < 0 {
				return errors.New("must be a duration such as 24h or 30m")
			}
			*d = parsed
			return nil
		},
	}, name, usage)
}

// runPrune prunes tokens and prints them. It says so where there is nothing to prune.
func runPrune(cmd *cobra.Command, env *Env, s *session.Session, prune *action.TokenPrune, yes bool, format *output.Format) error {
	if !yes {
		prune.Confirm = func(plan []action.PrunedToken) bool { return confirmPrune(s, plan) }
	}
	prune.Left = func(left []action.PrunedToken) {
		for _, one := range left {
			s.Terminal.Info("left in %s: token %s, %s", session.Describe(one.Target), token.Ref{Name: one.Object.Secret.Name}, one.Object.Health)
		}
	}
	deleted, failures, err := prune.Run(cmd.Context())
	if err != nil {
		return err
	}
	if searched := prune.Clean(); len(searched) > 0 {
		where := failure.Count(len(searched), s.Noun())
		if len(searched) == 1 {
			where = session.Describe(searched[0])
		}
		s.Terminal.Info("nothing to prune in %s: no tokens are %s", where, prunedKinds(prune.Options))
	}
	items := make([]deletedItem, len(deleted))
	for i, one := range deleted {
		items[i] = newDeletedItem(one.Target, one.Object.Secret.Name, prune.DryRun)
		items[i].For, items[i].Reason = one.Object.Spec.For, pruneReason(one)
	}
	return finish(printDeletions(env, s, format, items, failures), nil, failures)
}

// confirmPrune shows the tokens that are about to be pruned, and asks.
func confirmPrune(s *session.Session, plan []action.PrunedToken) bool {
	for _, one := range plan {
		text := pruneReason(one)
		if len(one.Object.Uses.Waiting) > 0 {
			text += "; in use: " + pendingText(one.Object.Uses)
		}
		s.Terminal.Info("to be deleted in %s: token %s, %s", session.Describe(one.Target), token.Ref{Name: one.Object.Secret.Name}, text)
	}
	return s.Terminal.Confirm(fmt.Sprintf("delete these %d?", len(plan)))
}

// pruneReason says why a token is pruned.
func pruneReason(one action.PrunedToken) string {
	switch health := one.Object.Health; health.Status {
	case token.Expired:
		return "expired at " + timestamp(one.Object.Spec.Expires)
	case token.OK:
		return "never expires"
	default:
		return health.String()
	}
}

// prunedKinds says which tokens the options mean.
func prunedKinds(opts token.PruneOptions) string {
	kinds := []string{"expired"}
	if opts.Grace > 0 {
		kinds[0] += " for " + failure.Duration(opts.Grace)
	}
	for _, kind := range []struct {
		name string
		on   bool
	}{{"malformed", opts.Malformed}, {"unusable", opts.Unusable}, {"without an expiration", opts.NeverExpires}} {
		if kind.on {
			kinds = append(kinds, kind.name)
		}
	}
	text := strings.Join(kinds, " or ")
	if opts.OlderThan > 0 {
		text += ", and " + failure.Duration(opts.OlderThan) + " old"
	}
	return text
}
