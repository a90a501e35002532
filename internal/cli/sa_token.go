// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

func newSAToken(env *Env, s *session.Session) *cobra.Command {
	var (
		request = action.SAToken{RequestOptions: action.RequestOptions{Session: s}}
		dryRun  action.DryRun
		format  output.Format
	)
	cmd := &cobra.Command{
		Use:        "token NAME",
		SuggestFor: []string{"create", "request"},
		Short:      "Request a token of a ServiceAccount",
		Long: `Request a token of a ServiceAccount and print it, alone, on stdout; stderr shows when it really expires, since servers shorten
and extend the requested lifetime. -o prints the TokenRequest as the server answered it.

--members or --member requests the token in member clusters of a Karmada control plane, through the control plane: its
kubeconfig is enough. That takes two rights: clusters/proxy on the control plane, and in each member, for the user of the
same name, the rights that the token takes there.`,
		Example: `  joinctl sa token robot
  joinctl sa token robot -n ci --duration 24h --min-granted 12h
  joinctl sa token robot --contexts 'prod-*' -o json
  joinctl sa token robot --context hub --members --selector region=eu
  joinctl sa token robot --context hub --member member1
  joinctl sa token robot --audience https://vault.example.org
  joinctl sa token robot --bound-object-kind pod --bound-object-name runner-0
  joinctl sa token robot --revocable --duration 24h
  joinctl sa token robot -o jsonpath={.status.expirationTimestamp}`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			request.Name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dryRun == action.Client {
				return planRequest(cmd.Context(), env, s, &format, &request)
			}
			if err := env.checkStdout(); err != nil {
				return err
			}
			request.Deliver = func(issued *action.IssuedTokens) error { return printIssued(env, s, &format, issued) }
			issued, err := request.Run(cmd.Context())
			if issued == nil {
				return err
			}
			if err != nil {
				return finish(err, nil, issued.Failures)
			}
			reportIssued(s, &request.RequestOptions, issued.Tokens)
			return finish(nil, issued.Findings, issued.Failures)
		},
	}
	addOutput(cmd, &format)
	addRequestNow(cmd, &request.RequestOptions)
	addMembers(cmd, s)
	addKubectlFlags(cmd, env, s)
	addDryRun(cmd, &dryRun)
	cmd.Flags().Lookup("dry-run").Usage = "`mode`: none or client (show what would be requested)"
	preRun(cmd, func() error {
		if dryRun == action.Server {
			return errors.New("--dry-run=server: the server ignores a dry run of a TokenRequest, and issues a token that works; client shows what would be requested")
		}
		return nil
	})
	return cmd
}

// addKubectlFlags adds the flags of kubectl create token that no other command of joinctl needs.
func addKubectlFlags(cmd *cobra.Command, env *Env, s *session.Session) {
	addCacheDir(cmd, env, new(string))
	addKuberc(cmd, env, s)
	addRemovedFlags(cmd, s)
}

// printIssued prints the bare token by default, with its context if there can be several. On one target the structured
// formats show the server's own answer.
func printIssued(env *Env, s *session.Session, format *output.Format, issued *action.IssuedTokens) error {
	list := output.List[saItem]{Kind: "ServiceAccountTokenList", Failures: failureItems(s, issued.Failures)}
	for _, one := range issued.Tokens {
		list.Items = append(list.Items, issuedItem(one))
	}
	view := issuedView()
	if format.IsDefault() {
		view.Columns = view.Columns[len(view.Columns)-1:] // the token
	}
	switch {
	case s.Many() || format.IsName() || format.IsTable() && !format.IsDefault():
		return output.Print(env.Out, format, list, withPlace(s, view, saItem.place))
	case len(issued.Tokens) == 0:
		return nil
	case format.Structured():
		return output.Object(env.Out, format, issued.Tokens[0].Token.TokenRequest())
	}
	_, err := io.WriteString(env.Out, list.Items[0].Token+"\n")
	return err
}

// planRequest shows what would be requested: for people on stderr, or as the TokenRequest. It asks no server, but for the
// members of a control plane.
func planRequest(ctx context.Context, env *Env, s *session.Session, format *output.Format, request *action.SAToken) error {
	if format.Structured() {
		return output.Object(env.Out, format, request.Spec.TokenRequest())
	}
	targets, failures, err := s.Expand(ctx)
	if err != nil || len(targets) == 0 {
		return finish(err, nil, failures)
	}
	lifetime := "as long as the server chooses"
	if request.Spec.Lifetime > 0 {
		lifetime = "for " + failure.Duration(request.Spec.Lifetime)
	}
	for _, target := range targets {
		namespace, err := session.Namespace(target)
		if err != nil {
			return err
		}
		s.Terminal.Info("would request a token of serviceaccount %s in %s, for %s, valid %s", satoken.Account{Namespace: namespace, Name: request.Name},
			session.Describe(target), cmp.Or(strings.Join(request.Spec.Audiences, " and "), "the API server"), lifetime)
		if bound := request.Spec.Bound; !bound.IsZero() {
			s.Terminal.Info("would bind it to %s %s", strings.ToLower(string(bound.Kind)), bound.Name)
		}
	}
	if request.Revocable {
		s.Terminal.Info("would create a Secret first, and bind the token to it")
	}
	s.Terminal.Info("nothing was requested (client dry run); -o yaml prints the TokenRequest")
	return finish(nil, nil, failures)
}
