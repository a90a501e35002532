// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenEnsure(env *Env, s *session.Session) *cobra.Command {
	var (
		ensure = action.TokenEnsure{As: action.AsToken}
		names  clusterNames
		format output.Format
	)
	ensure.Session, ensure.Spec.Usages = s, []string{token.Signing, token.Authentication}
	cmd := &cobra.Command{
		Use:   "ensure --for NAME",
		Short: "Hand out a token that is valid long enough: the one that exists, or a new one",
		Long: `Hand out a token that is valid for at least --min-ttl, for each cluster that joins: the token that exists, else a new one.
Of several, it is the published one, else the one that is valid for longest. Run it as often as you like, by cron for
example: it changes nothing while the token is valid long enough, and it never deletes the old token, which stays valid until
it expires.

--to-secret, --to-file and --out-dir keep the token where its consumer reads it, and stdout then shows the place only. A new
token is used against the server before it replaces the old one. A Secret or a file that joinctl did not make is refused
without --adopt. A Secret holds the token of one cluster.

--as says what is handed out: the token, the join command, a kubeconfig with the token, which kubelet and kubeadm join
--discovery-file read, or a configuration for kubeadm join --config.

To find the token that exists takes the right to list Secrets in kube-system. A user who may only create them keeps the
token with --to-secret: the annotations of the Secret tell later runs which token exists and when it expires.`,
		Example: `  joinctl token ensure --for member1 --ttl 24h
  joinctl token ensure --for member1 --as command -o json
  joinctl token ensure --for pool-a --joiner kubeadm --to-secret karpenter/bootstrap-token:token --to-context workload
  joinctl token ensure --for pool-a --as bootstrap-kubeconfig --joiner kubeadm --to-file bootstrap.kubeconfig
  joinctl token ensure --for-file members.txt --as command --out-dir commands
  joinctl token ensure --for member1 --to-secret apps/join --dry-run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if ensure.Clusters, err = names.read(env, s.Terminal); err != nil {
				return err
			}
			return ensureTokens(cmd.Context(), env, s, &format, &ensure, names.many())
		},
	}
	addOutput(cmd, &format)
	addJoinCommand(cmd, &ensure.Join, 30*time.Second)
	cmd.Flags().Lookup("joiner").Usage = joinerUsage
	names.register(cmd)
	addEnsureSpec(cmd, &ensure)
	addPublication(cmd, &ensure.Publish)
	cmd.Flags().StringVar(&ensure.OutDir, "out-dir", "", "directory for a file with each credential, NAME.token for example; each is written only on change")
	cmd.MarkFlagsMutuallyExclusive("out-dir", "to-secret", "to-file")
	preRun(cmd, func() error { return checkEnsure(cmd, s, &ensure, &names) })
	return cmd
}

// addEnsureSpec adds the flags that say what the token is good for, and how it is handed out.
func addEnsureSpec(cmd *cobra.Command, ensure *action.TokenEnsure) {
	flags := cmd.Flags()
	flags.TextVar((*token.TTL)(&ensure.TTL), "ttl", token.TTL(24*time.Hour), "`duration` for which a new token is valid")
	flags.DurationVar(&ensure.MinTTL, "min-ttl", 0, "hand out no token that is valid for less (default: half of --ttl)")
	formVar(flags, ensure.Session, &ensure.As, action.Forms()...)
	listVar(flags, &ensure.Spec.Usages, "usages", "list", "what the token has to be good for: signing, authentication", withoutEmpty(token.ParseUsages))
	listVar(flags, &ensure.Spec.Groups, "groups", "list", "extra groups the token authenticates as (default: the group that the joiner's rights are bound to)", withoutEmpty(token.ParseGroups))
	flags.StringVar(&ensure.Spec.Description, "description", "", "of a new token: why it exists, for whoever lists it later")
	addDryRun(cmd, &ensure.DryRun)
}

// checkEnsure refuses flags that contradict each other, and sets the defaults that depend on other flags.
func checkEnsure(cmd *cobra.Command, s *session.Session, ensure *action.TokenEnsure, names *clusterNames) error {
	flags := cmd.Flags()
	if !flags.Changed("min-ttl") {
		ensure.MinTTL = ensure.TTL / 2
	}
	single := !ensure.Publish.Secret.IsZero() || ensure.Publish.File != ""
	switch {
	case !names.any():
		return errors.New("name the clusters with --for or --for-file: a token that exists is found by the cluster that it is for")
	case s.ManyContexts():
		return errors.New("--for is about the clusters that join one control plane: name that one with --context")
	case names.many() && single:
		return errors.New("--to-secret and --to-file hold the token of one cluster: name one with --for, or use --out-dir")
	case ensure.TTL == 0:
		return errors.New("--ttl 0: a token that never expires needs no renewal; joinctl token create makes one")
	case ensure.MinTTL < 0 || ensure.MinTTL >= ensure.TTL:
		return errors.New("--min-ttl must be shorter than --ttl, or every run would create a token")
	case ensure.Publish.Adopt && !single && ensure.OutDir == "":
		return errors.New("--adopt goes with --to-secret, --to-file or --out-dir")
	}
	if err := checkForm(cmd, ensure); err != nil {
		return err
	}
	ensure.Join.Wanted = ensure.As == action.AsCommand || ensure.As == action.AsJoinConfig
	return checkEnsureSpec(ensure, flags)
}

// checkEnsureSpec is checkSpec for token ensure. Every form but the bare token is tested against the control plane, as the joiner that
// the flags name.
func checkEnsureSpec(ensure *action.TokenEnsure, flags *pflag.FlagSet) error {
	err := checkSpec(&ensure.TokenCreate, flags)
	ensure.InferJoiner = ensure.InferJoiner && ensure.As == action.AsToken
	return err
}

// checkForm refuses flags that do not go with what is handed out. A form can imply its joiner.
func checkForm(cmd *cobra.Command, ensure *action.TokenEnsure) error {
	flags := cmd.Flags()
	if ensure.As == action.AsJoinConfig {
		if flags.Changed("joiner") && ensure.Join.Joiner != join.Kubeadm {
			return fmt.Errorf("--joiner %s contradicts --as %s", ensure.Join.Joiner, ensure.As)
		}
		ensure.Join.Joiner = join.Kubeadm
	}
	for _, name := range []string{"endpoint", "no-verify", "wait", "certificate-key", "rejoin"} {
		if flags.Changed(name) && ensure.As == action.AsToken {
			return fmt.Errorf("--%s goes with another form than --as %s", name, ensure.As)
		}
	}
	return checkJoinCommand(&ensure.Join)
}
