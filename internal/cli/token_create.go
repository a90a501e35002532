// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenCreate(env *Env, conn *connection) *cobra.Command {
	var (
		file   string
		format output.Format
		ttl    = ttlValue(24 * time.Hour)
		m      = mint{env: env, conn: conn, dry: dryRunNone, spec: token.Spec{Usages: []string{token.Signing, token.Authentication}}}
	)
	cmd := &cobra.Command{
		Use:   "create [TOKEN | -]",
		Short: "Create a bootstrap token, and print the command that joins with it",
		Long: `Create a bootstrap token. It is printed alone on stdout; on stderr stands where it was made, when it expires and how to
revoke it. Without TOKEN it is random. A token given as an argument shows in process lists and shell histories: - and
--token-file are there for that.

With --print-register-command or --print-join-command, what is printed is the command that joins with the token. It is
true when printed: before the token is made, cluster-info is read without a credential at the very address that is
printed, as the joining side will do. After that the command waits for cluster-info to be signed with the token.

With --for each cluster that is to join gets a token of its own, labelled and described for it, and the command names the
cluster. All names are checked before a token is made. What went wrong half way goes right with --skip-existing: only what
is missing is made. With --out-dir each credential goes into a file of its own, and stdout has the files' names.`,
		Example: `  joinctl token create
  joinctl token create --print-register-command --context hub --ttl 2h --description "member1"
  joinctl token create --print-register-command --for member1 --for member2
  joinctl token create --print-register-command --for-file members.txt --out-dir commands --skip-existing
  joinctl token create --print-join-command --endpoint api.example.org:6443
  joinctl token generate | joinctl token create -
  joinctl token create --dry-run=client -o yaml`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			if m.to.file == stdin && (file == stdin || slices.Contains(args, stdin)) {
				return errors.New("standard input is read once: for a token, or for the names of clusters")
			}
			if m.given, err = parseToken(env, args, file); err != nil && m.to.any() {
				err = fmt.Errorf("%w; several clusters are named as --for NAME,NAME", err)
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if m.dry == dryRunClient {
				return m.plan(&format)
			}
			return m.run(cmd.Context(), &format)
		},
	}
	addOutput(cmd, &format)
	m.offer.register(cmd, 30*time.Second)
	flags := cmd.Flags()
	flags.StringVar(&file, "token-file", "", "file with the token to create, or - for standard input")
	m.to.register(flags)
	flags.BoolVar(&m.skip, "skip-existing", false, "with --for: leave clusters out that have a token which the server accepts")
	flags.StringVar(&m.dir, "out-dir", "", "with --for: directory for a file NAME.command, or NAME.token, for each cluster, readable by its owner only")
	flags.Var(&ttl, "ttl", "how long the token is valid, 0 for ever")
	flags.Var(usagesValue(&m.spec.Usages), "usages", "what the token is good for: signing, authentication")
	flags.Var(groupsValue(&m.spec.Groups), "groups", "extra groups of whoever authenticates with the token (default: the group that the joiner's rights are bound to)")
	flags.StringVar(&m.spec.Description, "description", "", "why the token exists, for whoever lists it later")
	addDryRun(cmd, &m.dry)
	before(cmd, m.check)
	before(cmd, func() error {
		m.ttl = time.Duration(ttl)
		groups, err := defaultGroups(m.spec, flags.Changed("groups"), m.offer.joiner)
		m.spec.Groups = groups
		if m.offer.prints() && (!m.spec.Has(token.Signing) || !m.spec.Has(token.Authentication)) {
			err = errors.Join(err, errors.New("nobody can join with a token that lacks one of the usages signing and authentication"))
		}
		return err
	})
	return cmd
}

// check applies the rules for what goes with --for.
func (m *mint) check() error {
	switch {
	case !m.to.any() && m.skip:
		return errors.New("--skip-existing goes with --for or --for-file")
	case !m.to.any() && m.dir != "":
		return errors.New("--out-dir goes with --for or --for-file: a file has the name of a cluster")
	case m.to.any() && m.conn.several():
		return errors.New("--for is about the clusters that join one control plane: name that one with --context")
	case m.to.many() && !m.given.IsZero():
		return errors.New("one TOKEN is for one cluster: leave it out, and each gets a token of its own")
	}
	return nil
}

// defaultGroups returns the groups of a token: those given, else the joiner's. Groups are of no use, and the server's
// own validation refuses them, without the authentication usage.
func defaultGroups(spec token.Spec, given bool, joiner join.Joiner) ([]string, error) {
	switch {
	case !spec.Has(token.Authentication) && len(spec.Groups) > 0:
		return nil, errors.New("--groups needs the authentication usage: nobody authenticates without it")
	case !spec.Has(token.Authentication):
		return nil, nil
	case !given:
		return []string{joiner.Group()}, nil
	}
	return spec.Groups, nil
}

// parseToken reads at most one token from arguments, standard input or a file.
func parseToken(env *Env, args []string, file string) (token.Token, error) {
	words, err := given(env, args, file)
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

// isKarmada reports whether a token is for a Karmada control plane, where automatic approval hands a joiner the rights
// of the rbac-generator user, which amount to cluster-admin.
func isKarmada(spec token.Spec) bool { return slices.Contains(spec.Groups, join.Karmada.Group()) }
