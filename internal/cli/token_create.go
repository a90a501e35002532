// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

const createHelp = `Create a bootstrap token and print it, alone, on stdout; stderr shows where it was created, when it expires and how to
revoke it. Without TOKEN it is random. A token given as an argument shows in process lists and shell histories: use - or
--token-file.

--print-register-command and --print-join-command print the command that joins with the token. Every printed command was
tested against the control plane: before the token is created, cluster-info is read without a credential at the printed
address, as the joining side does, and joinctl asks whether the joining side has the rights that it needs. Afterwards joinctl
waits for cluster-info to be signed with the token.

--for creates a token for each cluster that joins, with a label and a description, and the command names the cluster. All
names are checked before a token is created, and a name that a member has is refused without --rejoin: a join from another
cluster would fail, and its clean-up would delete the rights of that member. Run the same command with --skip-existing to
create the tokens that are missing after a failure. --out-dir writes each credential to a file of its own; stdout lists the
files.

--once prints the token or the command at once, stays until a certificate was issued with the token, or the cluster that it is for
is Ready, and deletes the token 5 seconds later, when the joining side has fetched the certificate. This is not atomic: another
cluster can join until then, and --once warns if the token was used more than once. After --once-timeout it deletes the token and
exits with 1. An interrupt leaves the token, and stderr shows how to delete it.`

func newTokenCreate(env *Env, s *session.Session) *cobra.Command {
	var (
		create = action.TokenCreate{Session: s, Spec: token.Spec{Usages: []string{token.Signing, token.Authentication}}}
		names  clusterNames
		wanted printFlags
		file   string
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "create [TOKEN | -]",
		SuggestFor: []string{"new", "add", "join", "register"},
		Short:      "Create a bootstrap token, and print the command that joins with it",
		Long:       createHelp,
		Example: `  joinctl token create
  joinctl token create --print-register-command --context hub --ttl 2h --description "member1"
  joinctl token create --print-register-command --for member1 --for member2
  joinctl token create --print-register-command --for-file members.txt --out-dir commands --skip-existing
  joinctl token create --print-join-command --endpoint api.example.org:6443
  joinctl token create --print-register-command --for member1 --once --once-timeout 15m
  joinctl token generate | joinctl token create -
  joinctl token create --dry-run=client -o yaml`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			if names.file == stdin && (file == stdin || slices.Contains(args, stdin)) {
				return errors.New("standard input is read once: for a token, or for the names of clusters")
			}
			if create.Token, err = parseToken(env, args, file); err != nil && names.any() {
				err = fmt.Errorf("%w; several clusters are named as --for NAME,NAME", err)
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if create.Clusters, err = names.read(env, s.Terminal); err != nil {
				return err
			}
			if create.DryRun == action.Client {
				return planTokens(env, s, &format, &create, names.many())
			}
			return createTokens(cmd.Context(), env, s, &format, &create, names.many())
		},
	}
	addOutput(cmd, &format)
	addJoinCommand(cmd, &create.Join, 30*time.Second)
	cmd.Flags().Lookup("joiner").Usage = joinerUsage
	wanted.add(cmd, &create.Join)
	names.register(cmd)
	cmd.Flags().StringVar(&file, "token-file", "", "file with the token to create, or - for standard input")
	addTokenSpec(cmd, &create)
	addOnce(cmd, s, &create, &names)
	preRun(cmd, func() error { return checkClusterFlags(s, &create, &names) })
	preRun(cmd, func() error { return checkSpec(&create, cmd.Flags()) })
	return cmd
}

// addTokenSpec adds the flags that say what the token is good for, and where it goes.
func addTokenSpec(cmd *cobra.Command, create *action.TokenCreate) {
	flags := cmd.Flags()
	flags.BoolVar(&create.SkipExisting, "skip-existing", false, "with --for: skip clusters that have a token which the server accepts")
	flags.StringVar(&create.OutDir, "out-dir", "", "with --for: directory for a file NAME.command, or NAME.token, for each cluster, readable by its owner only")
	flags.BoolVar(&create.Force, "force", false, "with --out-dir: replace existing files that joinctl did not write")
	addLifetime(cmd, &create.TTL, &create.Expires, 24*time.Hour)
	listVar(flags, &create.Spec.Usages, "usages", "list", "what the token is good for: signing, authentication", withoutEmpty(token.ParseUsages))
	listVar(flags, &create.Spec.Groups, "groups", "list", "extra groups the token authenticates as (default: the group that the joiner's rights are bound to)", withoutEmpty(token.ParseGroups))
	flags.StringVar(&create.Spec.Description, "description", "", "why the token exists, for whoever lists it later")
	addDryRun(cmd, &create.DryRun)
}

// addLifetime adds the flags that say when a token expires.
func addLifetime(cmd *cobra.Command, ttl *time.Duration, expires *token.Expiry, byDefault time.Duration) {
	flags := cmd.Flags()
	flags.TextVar((*token.TTL)(ttl), "ttl", token.TTL(byDefault), "`duration` for which the token is valid from now, 0 = never expires")
	flags.TextVar(expires, "expires", token.Expiry{}, "`time` at which the token expires, in place of --ttl, such as 2027-01-02T15:04:05Z")
	cmd.MarkFlagsMutuallyExclusive("ttl", "expires")
}

// checkClusterFlags refuses flags that need --for, or do not go with it.
func checkClusterFlags(s *session.Session, create *action.TokenCreate, names *clusterNames) error {
	switch {
	case !names.any() && create.SkipExisting:
		return errors.New("--skip-existing goes with --for or --for-file")
	case !names.any() && create.OutDir != "":
		return errors.New("--out-dir goes with --for or --for-file: a file has the name of a cluster")
	case create.OutDir == "" && create.Force:
		return errors.New("--force goes with --out-dir")
	case !names.any() && create.Join.Rejoin:
		return errors.New("--rejoin goes with --for or --for-file: it is about members that have the name of a cluster")
	case names.any() && s.ManyContexts():
		return errors.New("--for is about the clusters that join one control plane: name that one with --context")
	case names.many() && !create.Token.IsZero():
		return errors.New("one TOKEN is for one cluster: leave it out, and each cluster gets a token of its own")
	}
	return nil
}

// checkSpec sets the default groups, and refuses a token that is of no use. Groups are of no use without the
// authentication usage, and the server's own validation refuses them then.
func checkSpec(create *action.TokenCreate, flags *pflag.FlagSet) error {
	spec := &create.Spec
	authenticates := spec.Has(token.Authentication)
	switch {
	case !authenticates && len(spec.Groups) > 0:
		return errors.New("--groups needs the authentication usage: nobody authenticates without it")
	case authenticates && !flags.Changed("groups"):
		spec.Groups = []string{create.Join.Joiner.Group()}
		create.InferJoiner = !create.Join.Wanted && !flags.Changed("joiner")
	}
	if create.Join.Wanted && !spec.CanJoin() {
		return errors.New("nobody can join with a token that lacks one of the usages signing and authentication")
	}
	return nil
}

// parseToken reads at most one token from arguments, standard input or a file.
func parseToken(env *Env, args []string, file string) (token.Token, error) {
	words, err := readArgs(env, args, file)
	switch {
	case err != nil:
		return token.Token{}, err
	case len(words) > 1:
		return token.Token{}, errors.New("one token is created at a time")
	case len(words) == 0:
		return token.Token{}, nil
	}
	return token.Parse(words[0])
}

// isKarmada reports whether a token is for a Karmada control plane, where automatic approval gives a joiner the rights of
// the rbac-generator user, which amount to cluster-admin.
func isKarmada(spec token.Spec) bool { return slices.Contains(spec.Groups, join.Karmada.Group()) }
