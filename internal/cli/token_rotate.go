// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenRotate(env *Env, s *session.Session) *cobra.Command {
	var (
		rotate   = action.TokenRotate{Session: s}
		wanted   printFlags
		file     string
		clusters []string
		yes      bool
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:        "rotate REF | -",
		SuggestFor: []string{"renew", "replace"},
		Short:      "Create a bootstrap token in place of one that exists",
		Long: `Create a random bootstrap token in place of one that exists, and print it, or with --print-register-command or
--print-join-command the command that joins with it. The new token has the usages, groups, labels and description of the old one,
and is valid for as long as the old one was when it was created; --ttl and --expires say otherwise. A token that has expired
can be rotated while its Secret exists. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME; CONTEXT/
before it names its context. --for names the token for a cluster.

The old token stays as it is by default. With --old delete it is deleted, and with --old expire-in=1h it expires in an hour unless
it expires earlier anyway. Either happens only after the new token was printed. If it cannot be printed, it is deleted again,
and the old token stays as it is.

Before --old delete takes a token away, joinctl looks for certificate requests by that token which wait for their certificate:
those joins would fail. It shows them and asks; --yes skips the question.`,
		Example: `  joinctl token rotate 07401b
  joinctl token rotate --for member1 --old expire-in=1h
  joinctl token rotate hub-1/07401b --old delete --ttl 2h
  joinctl token rotate 07401b --print-register-command
  joinctl token rotate 07401b --old delete --dry-run`,
		Args: func(_ *cobra.Command, args []string) error {
			refs, err := parseTokenRefs(env, s, args, file, clusters, readArgs)
			if err != nil {
				return err
			}
			if len(refs) > 1 {
				return errors.New("one token is rotated at a time: name a single REF, or a single cluster")
			}
			rotate.Ref = refs[0]
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				rotate.Confirm = func(old *action.RotatedToken) bool { return confirmRetire(s, old) }
			}
			return rotateToken(cmd, env, s, &format, &rotate)
		},
	}
	addOutput(cmd, &format)
	addJoinCommand(cmd, &rotate.Join, 30*time.Second)
	wanted.add(cmd, &rotate.Join)
	addNewLifetime(cmd, &rotate)
	flags := cmd.Flags()
	flags.TextVar(&rotate.Old, "old", action.OldToken{}, "what becomes of the `old` token: keep, delete or expire-in=DURATION")
	flags.StringVar(&file, "token-file", "", "file with the REF, or - for standard input")
	listVar(flags, &clusters, "for", "name", "name of the cluster that the token is for", parseClusterNames)
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask if a cluster waits for its certificate with a token that is deleted")
	addDryRun(cmd, &rotate.DryRun)
	return cmd
}

// addNewLifetime adds the flags that say when the new token expires.
func addNewLifetime(cmd *cobra.Command, rotate *action.TokenRotate) {
	var lifetime token.Lifetime
	addLifetime(cmd, &lifetime.TTL, &lifetime.Expires, 0)
	flags := cmd.Flags()
	ttl := flags.Lookup("ttl")
	ttl.Usage, ttl.DefValue = "`duration` for which the new token is valid from now, 0 = never expires (default: as long as the old one)", ""
	preRun(cmd, func() error {
		if flags.Changed("ttl") || flags.Changed("expires") {
			rotate.Lifetime = &lifetime
		}
		return nil
	})
}

// rotateToken rotates a token, prints the new one, and reports both.
func rotateToken(cmd *cobra.Command, env *Env, s *session.Session, format *output.Format, rotate *action.TokenRotate) error {
	dryRun := rotate.DryRun != action.None
	if !dryRun {
		if err := env.checkStdout(); err != nil {
			return err
		}
	}
	rotate.Deliver = func(rotated *action.RotatedToken) error {
		list := output.List[tokenItem]{Kind: "TokenList", Failures: failureItems(s, rotated.Failures)}
		for _, one := range rotated.Tokens {
			item := createdItem(one, dryRun)
			item.Replaces = tokenID(rotated.Old)
			list.Items = append(list.Items, item)
		}
		return printCredentials(env, s, format, list, credentialShape{commands: rotate.Join.Wanted, dryRun: dryRun})
	}
	rotated, err := rotate.Run(cmd.Context())
	if rotated == nil {
		return err
	}
	if err == nil {
		for _, one := range rotated.Tokens {
			reportRotated(s, rotate, rotated, one)
		}
		return finish(nil, rotated.Findings, rotated.Failures)
	}
	return finish(err, nil, rotated.Failures)
}

// confirmRetire shows the joins that fail if a token is deleted, and asks.
func confirmRetire(s *session.Session, old *action.RotatedToken) bool {
	id := tokenID(old.Old)
	s.Terminal.Info("%s by token %s in %s: %s; without the token the joining side cannot fetch its certificate",
		failure.Count(len(old.Uses), "pending certificate request"), id, session.Describe(old.Target), failure.Few(old.Uses))
	return s.Terminal.Confirm("delete token " + id + " after the new one was printed?")
}

// reportRotated tells people on stderr what became of both tokens.
func reportRotated(s *session.Session, rotate *action.TokenRotate, rotated *action.RotatedToken, created action.CreatedToken) {
	t, old := s.Terminal, tokenID(rotated.Old)
	name := "token " + created.Token.ID
	switch rotate.DryRun {
	case action.None:
		t.Info("created %s in %s, in place of token %s; it %s", name, location(created), old, expiry(created.Spec, created.Now))
		t.Info("revoke it with: joinctl token delete %s%s", created.Token.ID, s.Arguments(created.Target))
	case action.Client, action.Server:
		t.Info("would create a token in %s, in place of token %s; it %s", location(created), old, expiry(created.Spec, created.Now))
		t.Info("would give it usages %s, groups %s, description %q", commaList(created.Spec.Usages), commaList(created.Spec.Groups), created.Spec.Description)
		name = "the new token"
	}
	if created.Spec.Expires.IsZero() {
		warnNeverExpires(t, name, created.Spec)
	}
	if warning := rotate.Join.CheckGroups(name, created.Spec); rotate.Join.Wanted && warning != "" {
		t.Warn("%s", warning)
	}
	if !rotated.Failures.Any() {
		t.Info("%s", retired(s, rotate, rotated, created))
	}
	if rotate.DryRun != action.None {
		t.Info("nothing was changed%s", rotate.DryRun.Suffix())
	}
}

// retired says what became of the old token.
func retired(s *session.Session, rotate *action.TokenRotate, rotated *action.RotatedToken, created action.CreatedToken) string {
	old, ends := "the old token "+tokenID(rotated.Old), rotated.OldSpec.Expires
	would := map[bool]string{true: "would be ", false: "was "}[rotate.DryRun != action.None]
	switch {
	case rotate.Old.Delete:
		return old + " " + would + "deleted"
	case rotated.Shortened != nil:
		return old + " expires at " + timestamp(rotated.Shortened.New) + ", was " + cmp.Or(timestamp(rotated.Shortened.Old), "<never>")
	case !ends.IsZero() && !ends.After(created.Now):
		return old + " expired at " + timestamp(ends)
	case rotate.Old.ExpireIn > 0 && rotate.DryRun == action.Client:
		return old + " would expire in " + failure.Duration(rotate.Old.ExpireIn) + ", unless it expires earlier anyway"
	}
	return old + " stays as it is, and " + expiry(rotated.OldSpec, created.Now) + "; delete it with: joinctl token delete " + tokenID(rotated.Old) + s.Arguments(rotated.Target)
}
