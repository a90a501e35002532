// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// addOnce adds the flags of a token that is deleted after its use.
func addOnce(cmd *cobra.Command, s *session.Session, create *action.TokenCreate, names *clusterNames) {
	flags := cmd.Flags()
	flags.BoolVar(&create.Once, "once", false, "stay until a cluster has joined with the token, then delete it; this is not atomic: another cluster can join until then")
	flags.DurationVar(&create.OnceTimeout, "once-timeout", time.Hour, "with --once: longest time to wait; the token is then deleted, and the exit code is 1")
	preRun(cmd, func() error {
		switch {
		case !create.Once && flags.Changed("once-timeout"):
			return errors.New("--once-timeout goes with --once")
		case !create.Once:
			return nil
		case create.OnceTimeout <= 0:
			return errors.New("--once-timeout has to be more than 0")
		case s.ManyContexts() || names.many() || create.SkipExisting:
			return errors.New("--once is about one new token: name one context, and at most one cluster with --for")
		case create.DryRun != action.None:
			return errors.New("--once does not go with --dry-run: no token is created")
		case !create.Spec.Has(token.Authentication):
			return errors.New("--once needs the authentication usage: nobody sends a certificate request without it")
		}
		return nil
	})
}

// deleteAfterUse waits for the use of a token that is printed already, deletes it, and reports that.
func deleteAfterUse(ctx context.Context, s *session.Session, create *action.TokenCreate, created action.CreatedToken) error {
	id := created.Token.ID
	s.Terminal.Info("waiting up to %s for a cluster to join with token %s, which is deleted then; this is not atomic: another cluster can join with it until then",
		failure.Duration(create.OnceTimeout), id)
	uses, err := create.DeleteAfterUse(ctx, created, func(uses token.Uses) {
		s.Terminal.Progress("token " + id + ": " + failure.Count(uses.Count, "certificate request") + " so far")
	})
	s.Terminal.Progress("")
	if err != nil {
		return err
	}
	s.Terminal.Info("deleted token %s: a cluster has joined with it; the server may accept it for about 10 seconds more", id)
	if uses.Count > 1 {
		s.Terminal.Warn("%s were sent with token %s, for %s: did more than one cluster join?", failure.Count(uses.Count, "certificate request"), id, failure.Quoted(uses.By))
	}
	return nil
}
