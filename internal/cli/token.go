// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newToken(env *Env, s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Manage bootstrap tokens",
		Long: `Manage bootstrap tokens: short-lived credentials by which a cluster and the control plane that it joins come to trust
each other. A token has the form [a-z0-9]{6}.[a-z0-9]{16}: a public token ID and a token secret. The control plane keeps it
as the Secret bootstrap-token-ID in the namespace kube-system.`,
	}
	cmd.AddCommand(
		newTokenCreate(env, s),
		newTokenEnsure(env, s),
		newTokenList(env, s),
		newTokenDelete(env, s),
		newTokenPrune(env, s),
		newTokenCommand(env, s),
		newTokenExtend(env, s),
		newTokenRotate(env, s),
		newTokenGenerate(env),
		newTokenUses(env, s),
	)
	for _, sub := range cmd.Commands() {
		preRun(sub, func() error { return refuseBootstrapBearer(s) })
		if sub.Flags().Lookup("dry-run") == nil { // kubeadm has it on all its token commands
			addDryRun(sub, new(action.DryRun))
			sub.Flags().Lookup("dry-run").Hidden = true
		}
		addTokenNamespace(sub)
	}
	return cmd
}

// addTokenNamespace accepts -n kube-system, as people type it with kubectl. Help does not show it.
func addTokenNamespace(cmd *cobra.Command) {
	cmd.Flags().VarPF(&value{kind: "namespace", set: func(namespace string) error {
		if namespace != metav1.NamespaceSystem {
			return errors.New("bootstrap tokens are Secrets in the namespace kube-system, and the server reads them in no other: leave --namespace out")
		}
		return nil
	}}, "namespace", "n", "namespace of bootstrap tokens: kube-system").Hidden = true
}

// refuseBootstrapBearer refuses a bootstrap token where kubectl takes the credential for the API server.
func refuseBootstrapBearer(s *session.Session) error {
	if token.LooksLike(s.Overrides.AuthInfo.Token) {
		return errors.New("--token is the credential for the API server, as in kubectl; a bootstrap token is given as an argument, with - on standard input, or with --token-file")
	}
	return nil
}

// parseTokenRefs reads references to bootstrap tokens from arguments, standard input or a file, and clusters that stand
// for their tokens. No error repeats a word. read is readArgs or readList.
func parseTokenRefs(env *Env, s *session.Session, args []string, file string, clusters []string, read argsReader) ([]session.Ref, error) {
	var refs []session.Ref
	if named := len(args) > 0 || file != ""; named && len(clusters) > 0 {
		return nil, errors.New("name tokens by a REF or by the cluster that they are for (--for), not both at once")
	}
	if len(clusters) == 0 {
		words, err := read(env, args, file)
		if err != nil {
			return nil, err
		}
		if refs, err = s.ParseRefs(words, parseTokenName); err != nil {
			return nil, err
		}
	}
	for _, cluster := range clusters {
		refs = append(refs, session.Ref{Cluster: cluster})
	}
	return refs, nil
}

func parseTokenName(word string) (string, error) {
	ref, err := token.ParseRef(word)
	return ref.Name, err
}
