// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
)

// An embedding is what a kubeconfig has for a credential.
type embedding string

const (
	embedToken embedding = "token"
	embedExec  embedding = "exec"
)

func newSAKubeconfig(env *Env, s *session.Session) *cobra.Command {
	var (
		export = action.SAKubeconfig{RequestOptions: action.RequestOptions{Session: s}}
		embed  = embedToken
	)
	cmd := &cobra.Command{
		Use:   "kubeconfig NAME",
		Short: "Print a kubeconfig with which others act as a ServiceAccount",
		Long: `Print a kubeconfig with which others act as a ServiceAccount. It has the context's server, certificate authority, TLS
server name and proxy, without user names and passwords in URLs, and nothing of the context's own user.

For many contexts it has them all, under their own names. A file that exists is kept if any of them failed. A kubeconfig
that joinctl reads is never replaced, and one with contexts that joinctl did not write only with --force.

--embed token puts a token into it, with a comment that says when the token expires. --embed exec puts none: kubectl calls
joinctl sa credential, which requests a token through the kubeconfig that this one was made from. That is for the same
machine, or for one where joinctl and that kubeconfig are in the same places.

--members or --member makes contexts of member clusters of a Karmada control plane. They point at each member's own API
endpoint, as the Cluster object has it, with the certificate authority that the member publishes. With --via-hub they point
at the control plane, which passes requests on: then the token is one of the control plane's ServiceAccount of that name,
since the control plane does not know those of members, and acts in each member as the ServiceAccount of the same name.`,
		Example: `  joinctl sa kubeconfig robot -n ci --duration 8h --out robot.kubeconfig
  joinctl sa kubeconfig robot --contexts 'prod-*' --out fleet.kubeconfig
  joinctl sa kubeconfig robot --context hub --members --selector region=eu --out eu.kubeconfig
  joinctl sa kubeconfig robot --context hub --member member1 --via-hub
  joinctl sa kubeconfig robot --context hub --embed exec --out ~/.kube/robot`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			export.Name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return exportKubeconfig(cmd.Context(), env, s, &export) },
	}
	addRequestNow(cmd, &export.RequestOptions)
	addMembers(cmd, s)
	flags := cmd.Flags()
	flags.BoolVar(&export.ViaHub, "via-hub", false, "with --members or --member: point at the control plane that passes requests on, and not at the members' own API endpoints")
	choiceVar(flags, &embed, "embed", "token: a token that is requested now; exec: a call of joinctl that requests one when it is needed", embedToken, embedExec)
	flags.StringVar(&export.Out, "out", "", "file to write, readable by its owner only (default: standard output)")
	flags.StringVar(&export.ContextName, "context-name", "", "name of the context (default: NAME@CLUSTER)")
	flags.StringVar(&export.UserName, "user-name", "", "name of the user (default: that of the context)")
	flags.BoolVar(&export.AllowInsecure, "allow-insecure", false, "allow a connection on which the server is not verified")
	flags.BoolVar(&export.Force, "force", false, "with --out: replace an existing kubeconfig that joinctl did not write")
	flags.BoolVar(&export.AllowPartial, "allow-partial", false, "replace an existing file although some targets have failed")
	preRun(cmd, func() error {
		export.Exec, export.Command = embed == embedExec, env.pluginFile()
		return checkExport(s, &export)
	})
	return cmd
}

// exportKubeconfig makes the kubeconfig, writes it to its file or to stdout, and reports what it holds.
func exportKubeconfig(ctx context.Context, env *Env, s *session.Session, export *action.SAKubeconfig) error {
	if export.Out == stdin {
		export.Out = ""
	}
	if export.Out == "" {
		if err := env.checkStdout(); err != nil {
			return err
		}
		export.Deliver = func(content []byte) error { _, err := env.Out.Write(content); return err }
	}
	exported, err := export.Run(ctx)
	if exported == nil {
		return err
	}
	if err == nil {
		reportExport(s, export, exported)
	}
	return finish(err, exported.Findings, exported.Failures)
}

// checkExport refuses what does not go together, and what would be lost when kubectl calls joinctl later.
func checkExport(s *session.Session, export *action.SAKubeconfig) error {
	switch {
	case export.ViaHub && !s.Members.Any():
		return errors.New("--via-hub goes with --members or --member")
	case s.Many() && (export.ContextName != "" || export.UserName != ""):
		return errors.New("--context-name and --user-name are for one context: of many, each keeps its own name")
	case !export.Exec:
		return nil
	case !export.Spec.Bound.IsZero():
		return errors.New("--bound-object-kind goes with --embed token: a token that is requested later has nothing to end with")
	case export.Revocable:
		return errors.New("--revocable goes with --embed token: with exec no token is handed over")
	case export.MinGranted > 0:
		return errors.New("--min-granted goes with --embed token")
	case overridesConnection(s):
		return errors.New("--embed exec takes everything from the context: put the other connection flags into the kubeconfig")
	}
	return nil
}

// overridesConnection reports whether flags change what the kubeconfig says about a connection, apart from the namespace.
func overridesConnection(s *session.Session) bool {
	overrides := s.Overrides
	overrides.Context.Namespace = ""
	if len(overrides.AuthInfo.ImpersonateGroups) == 0 {
		overrides.AuthInfo.ImpersonateGroups = nil // the flag leaves an empty list
	}
	return len(s.UserExtra) > 0 || !reflect.DeepEqual(overrides, clientcmd.ConfigOverrides{})
}

// reportExport says what the kubeconfig holds.
func reportExport(s *session.Session, export *action.SAKubeconfig, exported *action.ExportedKubeconfig) {
	switch {
	case exported.Kept:
		s.Terminal.Info("%s is left as it was: --allow-partial replaces it all the same", join.Quote(export.Out))
		return
	case len(exported.Tokens) == 0:
		return
	case !export.Exec:
		reportIssued(s, &export.RequestOptions, exported.Tokens)
	}
	for i, file := range exported.Sources {
		if slices.Index(exported.Sources, file) == i {
			s.Terminal.Info("whoever uses it needs joinctl, and %s, where they are now: it holds no credential", file)
		}
	}
	if export.Out != "" {
		s.Terminal.Info("try it with: kubectl --kubeconfig %s auth whoami", join.Quote(export.Out))
	}
}
