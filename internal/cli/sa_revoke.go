// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newSARevoke(env *Env, s *session.Session) *cobra.Command {
	var (
		revoke = action.SARevoke{Session: s}
		empty  string // the input that names no token
		yes    bool
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "revoke NAME… | sa/NAME… | - | --expired",
		Aliases:    []string{"rm"},
		SuggestFor: []string{"delete", "remove"},
		Short:      "Revoke revocable tokens of ServiceAccounts",
		Long: `Revoke tokens that sa token --revocable or sa kubeconfig --revocable requested, by deleting the Secret that a token is bound
to. NAME is that Secret, as sa list shows it; CONTEXT/ before it names its context, and CONTEXT/MEMBER/ with --members its
member. sa/NAME, or serviceaccount/NAME, means all revocable tokens of the ServiceAccount NAME of the namespace. All are
tried, and each failure is reported. The server may accept a revoked token for about 10 seconds more.

--expired deletes the Secrets of expired tokens: it shows them, and asks. joinctl also asks if a ServiceAccount or standard
input names more than one token. --yes skips the question. Empty standard input is no mistake: there is nothing to revoke.`,
		Example: `  joinctl sa revoke robot-token-5f3a9c01de -n ci
  joinctl sa revoke sa/robot -n ci --yes
  joinctl sa revoke hub-1/robot-token-5f3a9c01de -n ci
  joinctl sa revoke robot-token-5f3a9c01de -n ci --context hub --member member1
  joinctl sa revoke --expired -A --yes`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			revoke.Listed = fromStdin(args, "")
			revoke.Refs, err = parseRevocationRefs(env, s, args, revoke.Expired)
			empty, err = unlessEmpty(err)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if empty != "" {
				s.Terminal.Info("nothing to revoke: %s is empty", empty)
				return finish(printRevoked(env, s, &format, false, nil, s.NewFailures()), nil, nil)
			}
			if !yes {
				revoke.Confirm = func(plan []action.RevokedToken) bool { return confirmRevocation(s, revoke.Expired, plan) }
			}
			revoke.Nowhere = func(name string, searched []fleet.Target) { reportNowhere(s, name, searched) }
			revoked, failures, err := revoke.Run(cmd.Context())
			if err != nil {
				return err
			}
			err = printRevoked(env, s, &format, revoke.Expired, revoked, failures)
			reportRevoked(s, revoke.Expired, len(revoked), failures)
			return finish(err, nil, failures)
		},
	}
	addOutput(cmd, &format)
	addNamespace(cmd, s)
	addMembers(cmd, s)
	flags := cmd.Flags()
	flags.BoolVar(&revoke.Expired, "expired", false, "delete the Secrets of all expired tokens, in place of named ones")
	flags.BoolVarP(&revoke.AllNamespaces, "all-namespaces", "A", false, "with --expired: in all namespaces")
	flags.BoolVar(&revoke.Everywhere, "everywhere", false, "revoke a NAME without a context in every selected context that has it; a context without it is no failure")
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask, with --expired or if a ServiceAccount or standard input names several")
	preRun(cmd, func() error { return checkRevoke(&revoke) })
	return cmd
}

// checkRevoke refuses flags that contradict each other.
func checkRevoke(revoke *action.SARevoke) error {
	if revoke.AllNamespaces && !revoke.Expired {
		return errors.New("--all-namespaces goes with --expired: a name is of one namespace")
	}
	return nil
}

// reportRevoked says how long a revoked token may still work, or that no token is expired.
func reportRevoked(s *session.Session, expired bool, revoked int, failures *session.Failures) {
	switch {
	case revoked > 0 && !expired:
		s.Terminal.Info("the server may accept a revoked token for about 10 seconds more")
	case revoked == 0 && expired && !failures.Any():
		s.Terminal.Info("nothing to remove: no tokens are expired")
	}
}

// parseRevocationRefs reads names of Secrets from arguments or standard input. No error repeats a word.
func parseRevocationRefs(env *Env, s *session.Session, args []string, expired bool) ([]session.Ref, error) {
	if expired {
		if len(args) > 0 {
			return nil, errors.New("--expired goes without names")
		}
		return nil, nil
	}
	if len(args) == 0 {
		return nil, errors.New("name the Secrets of the tokens to revoke, as sa list shows them, or sa/NAME for all of a ServiceAccount, or say --expired")
	}
	words, err := readList(env, args, "")
	if err != nil {
		return nil, err
	}
	refs, err := s.ParseRefs(words, func(word string) (string, error) {
		name := strings.TrimPrefix(word, "secret/")
		if account := accountOf(word); account != "" {
			return word, nil
		}
		if len(validation.NameIsDNSSubdomain(name, false)) > 0 {
			return "", errors.New("it is not the name of a Secret")
		}
		return name, nil
	})
	for i := range refs {
		refs[i] = accountRef(s, refs[i])
	}
	return refs, err
}

// accountOf returns the NAME of sa/NAME, in the words that kubectl has for a ServiceAccount; "" for anything else.
func accountOf(word string) string {
	kind, name, _ := strings.Cut(word, "/")
	if slices.Contains([]string{"sa", "serviceaccount", "serviceaccounts"}, kind) && len(validation.NameIsDNSSubdomain(name, false)) == 0 {
		return name
	}
	return ""
}

// accountRef makes a reference to a ServiceAccount out of one that ParseRefs took for a Secret: it knows no kinds.
func accountRef(s *session.Session, ref session.Ref) session.Ref {
	if account := accountOf(ref.Name); account != "" {
		ref.Name, ref.Account = "", account
		return ref
	}
	kind := &ref.Context
	if s.Members.Many() {
		kind = &ref.Member
	}
	before, last := "", *kind
	if cut := strings.LastIndex(last, "/"); cut >= 0 {
		before, last = last[:cut], last[cut+1:]
	}
	account := accountOf(last + "/" + ref.Name)
	if account == "" {
		return ref
	}
	*kind, ref.Name, ref.Account = before, "", account
	if cut := strings.LastIndex(ref.Context, "/"); s.Members.Many() && cut > 0 {
		ref.Context, ref.Member = ref.Context[:cut], ref.Context[cut+1:]
	}
	return ref
}

// confirmRevocation shows the tokens, which are expired or come from a list, and asks.
func confirmRevocation(s *session.Session, expired bool, plan []action.RevokedToken) bool {
	if !expired {
		for _, one := range plan {
			s.Terminal.Info("to be revoked in %s: %s/%s, of serviceaccount %s", session.Describe(one.Target),
				one.Object.Account.Namespace, one.Object.Name, one.Object.Account.Name)
		}
		return s.Terminal.Confirm(fmt.Sprintf("revoke these %d?", len(plan)))
	}
	for _, one := range plan {
		s.Terminal.Info("to be removed in %s: %s/%s, of serviceaccount %s, expired at %s", session.Describe(one.Target),
			one.Object.Account.Namespace, one.Object.Name, one.Object.Account.Name, timestamp(one.Object.Expires))
	}
	return s.Terminal.Confirm(fmt.Sprintf("remove these %d?", len(plan)))
}

// A revokedItem is a revoked token in a document.
type revokedItem struct {
	Context   string `json:"context"`          // context of the kubeconfig
	Member    string `json:"member,omitempty"` // Karmada member that the token was of; absent: the control plane
	Namespace string `json:"namespace"`        // of the revocation Secret
	Name      string `json:"name"`             // of the revocation Secret
	Status    string `json:"status"`           // revoked, or what a dry run would do
}

func (i revokedItem) place() place { return place{i.Context, i.Member, i.Name} }

// printRevoked prints a line for each token by default.
func printRevoked(env *Env, s *session.Session, format *output.Format, expired bool, revoked []action.RevokedToken, failures *session.Failures) error {
	status := map[bool]string{true: "removed", false: "revoked"}[expired]
	list := output.List[revokedItem]{Kind: "ServiceAccountTokenRevocationList", Failures: failureItems(s, failures)}
	for _, one := range revoked {
		list.Items = append(list.Items, revokedItem{one.Target.Context, one.Target.Member, one.Object.Account.Namespace, one.Object.Name, status})
	}
	view := withPlace(s, output.View[revokedItem]{
		Name: func(i revokedItem) string { return "secret/" + i.Name },
		Columns: []output.Column[revokedItem]{
			{Title: "Namespace", Cell: func(i revokedItem) string { return i.Namespace }},
			{Title: "Name", Cell: func(i revokedItem) string { return i.Name }},
			{Title: "Status", Cell: func(i revokedItem) string { return i.Status }},
		},
	}, revokedItem.place)
	return printLines(env, s, format, list, view, func(i revokedItem) string {
		return fmt.Sprintf("serviceaccount token %q %s", qualifiedName(s, i.place()), i.Status)
	})
}
