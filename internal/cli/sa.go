// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/profile"
	"github.com/joinctl/joinctl/internal/redact"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

func newSA(env *Env, s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sa",
		Short: "Request, export, inspect and revoke tokens of ServiceAccounts",
		Long: `Request, export, inspect and revoke tokens of ServiceAccounts. Such a token is a JWT that the API server signs on request
and does not store: it ends when it expires, with the ServiceAccount, or with the object that it is bound to.`,
	}
	cmd.AddCommand(
		newSAToken(env, s),
		newSAKubeconfig(env, s),
		newSAEnsure(env, s),
		newSACredential(env, s),
		newSAInspect(env, s),
		newSAList(env, s),
		newSARevoke(env, s),
	)
	for _, sub := range cmd.Commands() {
		addProfile(sub, s)
	}
	return cmd
}

// addProfile gives a command --profile and --profile-output.
func addProfile(cmd *cobra.Command, s *session.Session) {
	kind, path := profile.None, ""
	flags := newFlagGroup(profileGroup)
	choiceVar(flags, &kind, "profile", "capture how joinctl itself runs: "+joinWords(profile.Kinds()), profile.Kinds()...)
	flags.StringVar(&path, "profile-output", "profile.pprof", "file to write the profile to")
	addFlagGroup(cmd.Flags(), flags)
	preRun(cmd, func() error {
		if kind == profile.None {
			return nil
		}
		return s.CheckLogFile("--profile-output", path)
	})
	body := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		stop, err := profile.Start(kind, path)
		if err != nil {
			return err
		}
		err = body(cmd, args)
		if stopErr := stop(); err == nil {
			return stopErr
		}
		return err
	}
}

// addNamespace gives a command -n.
func addNamespace(cmd *cobra.Command, s *session.Session) {
	cmd.Flags().StringVarP(&s.Overrides.Context.Namespace, "namespace", "n", "", "namespace of the ServiceAccount (default: the context's)")
}

// addRequest adds the flags that say which tokens are requested, now or later.
func addRequest(cmd *cobra.Command, o *action.RequestOptions) {
	addNamespace(cmd, o.Session)
	flags := cmd.Flags()
	flags.Var(repeatable{&value{kind: "audience", set: func(audience string) error { // a comma can be part of it
		if audience == "" {
			return errors.New("an audience cannot be empty")
		}
		o.Spec.Audiences = append(o.Spec.Audiences, audience)
		return nil
	}}}, "audience", "audience that the token is for (repeatable; default: the API server)")
	flags.TextVar((*satoken.Lifetime)(&o.Spec.Lifetime), "duration", satoken.Lifetime(0), "requested lifetime, a `duration` of at least 10m (default: the server chooses, usually 1h)")
	flags.BoolVar(&o.WarningsAsErrors, "warnings-as-errors", false, "print nothing, and fail, if the server warns of something")
}

// addRequestNow adds the flags of commands that request one token now.
func addRequestNow(cmd *cobra.Command, o *action.RequestOptions) {
	addRequest(cmd, o)
	flags, bound := cmd.Flags(), &o.Spec.Bound
	flags.DurationVar(&o.MinGranted, "min-granted", 0, "print nothing, and exit with 4, if the server grants less than this")
	flags.TextVar(&bound.Kind, "bound-object-kind", satoken.Kind(""), "`kind` of an object that the token ends with: Pod, Secret or Node")
	flags.StringVar(&bound.Name, "bound-object-name", "", "name of that object; a Pod or Secret is in the ServiceAccount's namespace")
	flags.StringVar(&bound.UID, "bound-object-uid", "", "the UID of that object (default: that of the object with the name)")
	flags.BoolVar(&o.Revocable, "revocable", false, "bind the token to a Secret of its own, so that sa list shows and sa revoke revokes it")
	preRun(cmd, func() error { return checkRequest(o) })
}

// checkRequest refuses flags that contradict each other, and avoids a lifetime that the server misunderstands.
func checkRequest(o *action.RequestOptions) error {
	switch bound, requested := o.Spec.Bound, o.Spec.Lifetime; {
	case o.Revocable && !bound.IsZero():
		return errors.New("--revocable binds the token to a Secret of its own: it goes without --bound-object-kind, -name and -uid")
	case bound.Kind == "" && (bound.Name != "" || bound.UID != ""):
		return errors.New("--bound-object-name and --bound-object-uid need --bound-object-kind")
	case bound.Kind != "" && bound.Name == "":
		return errors.New("--bound-object-kind needs --bound-object-name")
	case o.MinGranted < 0:
		return errors.New("--min-granted: a time cannot be negative")
	case requested > 0 && o.MinGranted > requested:
		return fmt.Errorf("--min-granted %s is more than the requested %s", o.MinGranted, requested)
	}
	var changed bool
	if o.Spec, changed = o.Spec.AvoidExtension(); changed {
		o.Session.Terminal.Info("requesting a second more, %s: the server takes a token that is bound to a Pod for exactly 3607s for the kubelet's, and extends it to a year", o.Spec.Lifetime)
	}
	return nil
}

// parseAccount reads the one argument NAME. Its errors do not repeat it: it may be a token.
func parseAccount(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("exactly one NAME of a ServiceAccount is needed, got %d", len(args))
	}
	if args[0] == "" {
		return "", errors.New("the name of a ServiceAccount cannot be empty")
	}
	if redact.IsToken(args[0]) {
		return "", errors.New("the name of a ServiceAccount has the form of a bootstrap token, so it is not sent to the server")
	}
	if wrong := content.IsPathSegmentName(args[0]); len(wrong) > 0 {
		return "", errors.New("the name of a ServiceAccount " + strings.Join(wrong, ", and "))
	}
	return args[0], nil
}

// reportIssued says what was issued: each token, or many in one line, and where a lifetime is not the requested one.
func reportIssued(s *session.Session, o *action.RequestOptions, tokens []action.IssuedToken) {
	for _, issued := range tokens {
		if !s.Many() {
			s.Terminal.Info("issued a token of serviceaccount %s in %s (%s); it %s", issued.Account, session.Describe(issued.IssuedBy), issued.Server.Redacted(), tokenExpiry(issued.Token))
			if !issued.Revocation.IsZero() {
				s.Terminal.Info("revoke it with: %s", o.RevokeCommand(issued, issued.Revocation.Name))
			}
		}
		warnLifetime(s, issued, o.Spec.Lifetime)
	}
	reportIrrevocable(s, o, tokens)
	if len(tokens) == 0 || !s.Many() {
		return
	}
	s.Terminal.FlushWarnings()
	s.Terminal.Info("issued %s of serviceaccount %s, one for each %s; -o json shows when each expires", failure.Count(len(tokens), "token"), o.Name, s.Noun())
	if o.Revocable {
		syntax := "CONTEXT/NAME"
		if s.Members.Many() {
			syntax = "CONTEXT/MEMBER/NAME --members"
		}
		s.Terminal.Info("revoke one with: joinctl sa revoke %s; joinctl sa list -o name prints such names", syntax)
	}
}

// reportIrrevocable says so, once, if a token that lives for more than an hour cannot be revoked by itself.
func reportIrrevocable(s *session.Session, o *action.RequestOptions, tokens []action.IssuedToken) {
	long := slices.IndexFunc(tokens, func(issued action.IssuedToken) bool { return issued.Token.Lifetime() > time.Hour })
	if long < 0 || o.Revocable || !o.Spec.Bound.IsZero() {
		return
	}
	s.Terminal.Info("it cannot be revoked alone: before it expires, only deleting serviceaccount %s ends it, with all its tokens; --revocable requests one that sa revoke ends", tokens[long].Account)
}

// warnLifetime warns of a lifetime that differs from the requested one by more than a tenth.
func warnLifetime(s *session.Session, issued action.IssuedToken, requested time.Duration) {
	const tolerance = 10 // per cent
	granted := issued.Token.Lifetime()
	if requested > 0 && granted > 0 && (granted-requested).Abs() > requested*tolerance/100 {
		s.Warn(issued.Target, fmt.Sprintf("%s was asked for, and %s granted", failure.Duration(requested), failure.Duration(granted)))
	}
}

// tokenExpiry says when a token expires, relative and absolute.
func tokenExpiry(tok satoken.Token) string {
	at, lifetime := tok.Expires(), tok.Lifetime()
	switch {
	case at.IsZero():
		return "expires at a time that the server does not say"
	case lifetime == 0:
		return "expires at " + timestamp(at)
	}
	return fmt.Sprintf("expires in %s, at %s", failure.Duration(lifetime), timestamp(at))
}
