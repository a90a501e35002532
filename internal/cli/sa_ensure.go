// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

func newSAEnsure(env *Env, s *session.Session) *cobra.Command {
	var (
		ensure = action.SAEnsure{RequestOptions: action.RequestOptions{Session: s}, Form: satoken.TokenForm}
		format output.Format
	)
	cmd := &cobra.Command{
		Use:   "ensure NAME --duration D --to-secret NAMESPACE/NAME",
		Short: "Keep a valid token of a ServiceAccount where its consumer reads it",
		Long: `Keep a valid token of a ServiceAccount in a Secret or a file: a short-lived credential that is renewed, in place of one that
never expires. Run it from cron, at least three times in --duration. Nothing is created or written while enough of the
published token's life is left by the server's clock, and the server still accepts it. Else a new token is requested, used
against the server at the address and with the certificate authority that are published, and only then written. The old one
stays valid until it expires.

--as names the form: the bare token; a kubeconfig; karmada-cluster, the keys token and caBundle of the Secret that
spec.secretRef of a Karmada Cluster names; argocd-cluster, a cluster Secret of Argo CD. A Secret or a file that joinctl did
not make is changed only with --adopt. --dry-run names the keys that would change, and never a value.

The Secret is in the cluster of the context, or of --to-context. With --members or --member it is in the Karmada control
plane; karmada-cluster needs no --to-secret then, since the Cluster of each member names its Secret. If tokens of several
contexts or members go to one cluster, the name of each Secret ends in -CONTEXT or -MEMBER.`,
		Example: `  joinctl sa ensure robot -n ci --duration 24h --to-secret ci/robot-token
  joinctl sa ensure robot -n ci --duration 24h --min-left 16h --as kubeconfig --to-file robot.kubeconfig
  joinctl sa ensure karmada-member1 -n karmada-cluster --duration 48h --context hub --member member1 --as karmada-cluster --adopt
  joinctl sa ensure argocd-manager -n kube-system --duration 24h --contexts 'prod-*' --to-context hub --to-secret argocd/cluster --as argocd-cluster
  joinctl sa ensure robot -n ci --duration 24h --to-secret ci/robot-token --dry-run -o json`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			ensure.Name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := env.checkStdout(); err != nil {
				return err
			}
			ensured, err := ensure.Run(cmd.Context())
			if err != nil {
				return err
			}
			err = printEnsuredSA(env, s, &format, &ensure, ensured)
			reportEnsuredSA(s, &ensure, ensured.Tokens)
			return finish(err, ensured.Findings, ensured.Failures)
		},
	}
	addOutput(cmd, &format)
	addNamespace(cmd, s)
	flags := cmd.Flags()
	flags.TextVar((*satoken.Lifetime)(&ensure.Spec.Lifetime), "duration", satoken.Lifetime(0), "requested lifetime of each token, a `duration` of at least 10m")
	flags.DurationVar(&ensure.MinLeft, "min-left", 0, "renew the token if less of its life is left (default: half of it)")
	flags.DurationVar(&ensure.MinGranted, "min-granted", 0, "publish nothing, and exit with 4, if the server grants less than this")
	flags.BoolVar(&ensure.WarningsAsErrors, "warnings-as-errors", false, "publish nothing, and fail, if the server warns of something")
	flags.BoolVar(&ensure.ViaHub, "via-hub", false, "with --members or --member: publish the address of the control plane that passes requests on, and a token of the control plane")
	flags.BoolVar(&ensure.AllowInsecure, "allow-insecure", false, "allow a connection on which the server is not verified")
	formVar(flags, s, &ensure.Form, satoken.Forms()...)
	addPublication(cmd, &ensure.Publication)
	addMembers(cmd, s)
	addDryRun(cmd, &ensure.DryRun)
	preRun(cmd, func() error { return checkSAEnsure(s, &ensure) })
	return cmd
}

// checkSAEnsure refuses flags that contradict each other.
func checkSAEnsure(s *session.Session, a *action.SAEnsure) error {
	lifetime := a.Spec.Lifetime
	switch {
	case lifetime == 0:
		return errors.New("--duration is needed: how long each token lives, such as 24h; run this command at least three times in that time")
	case a.MinLeft < 0 || a.MinGranted < 0:
		return errors.New("--min-left and --min-granted: a time cannot be negative")
	case a.MinLeft >= lifetime:
		return fmt.Errorf("--min-left %s is not less than --duration %s: every run would create a token", a.MinLeft, lifetime)
	case a.MinGranted > lifetime:
		return fmt.Errorf("--min-granted %s is more than --duration %s", a.MinGranted, lifetime)
	case a.ViaHub && !s.Members.Any():
		return errors.New("--via-hub goes with --members or --member")
	}
	return checkDestination(s, a)
}

// checkDestination refuses a form that the destination cannot have.
func checkDestination(s *session.Session, a *action.SAEnsure) error {
	single := a.Form.DefaultKey() != ""
	ofMember := a.Form == satoken.KarmadaForm && s.Members.Any()
	switch {
	case !a.Any() && !ofMember:
		return errors.New("say where the token is kept, with --to-secret NAMESPACE/NAME or --to-file FILE; sa token prints one")
	case a.File != "" && !single:
		return fmt.Errorf("--as %s is for a Secret: it has several keys", a.Form)
	case a.File != "" && s.Many():
		return errors.New("--to-file is for one token, and the selection can mean several")
	case a.Secret.Key != "" && !single:
		return fmt.Errorf("--as %s has keys of its own: --to-secret takes no KEY", a.Form)
	case a.Form == satoken.KarmadaForm && a.ViaHub:
		return errors.New("--as karmada-cluster is what the control plane connects with, so it goes without --via-hub")
	}
	return nil
}

// An ensuredSAItem is a published token in a document, without the token.
type ensuredSAItem struct {
	Context        string   `json:"context"`              // context of the kubeconfig
	Member         string   `json:"member,omitempty"`     // Karmada member that the ServiceAccount is in; absent: the control plane
	Namespace      string   `json:"namespace"`            // of the ServiceAccount
	ServiceAccount string   `json:"serviceAccount"`       // name of the ServiceAccount
	Form           string   `json:"form"`                 // what is published: the value of --as
	Secret         string   `json:"secret,omitempty"`     // NAMESPACE/NAME; absent: it is published in a file
	File           string   `json:"file,omitempty"`       // path; absent: it is published in a Secret
	Where          string   `json:"where"`                // what people call it, with its cluster
	Created        bool     `json:"created"`              // a token was created, or would be
	Reason         string   `json:"reason,omitempty"`     // why a token was created; absent: none was
	Status         string   `json:"status"`               // of the Secret or the file: created, updated or unchanged
	Keys           []string `json:"keys,omitempty"`       // of the data that changed
	Expires        string   `json:"expires,omitempty"`    // when it expires; absent: the token would be created
	TTLSeconds     *int64   `json:"ttlSeconds,omitempty"` // until then, by the server's clock; absent: as expires
	DryRun         string   `json:"dryRun,omitempty"`     // client or server; absent: no dry run
}

func (i ensuredSAItem) place() place { return place{i.Context, i.Member, i.ServiceAccount} }

func newEnsuredItem(a *action.SAEnsure, one action.EnsuredToken) ensuredSAItem {
	item := ensuredSAItem{
		Context: one.Target.Context, Member: one.Target.Member, Namespace: one.Account.Namespace, ServiceAccount: one.Account.Name,
		Form: string(a.Form), Secret: one.Secret, File: one.File, Where: one.Where,
		Created: one.Created, Reason: one.Reason, Status: string(one.Change), Keys: one.Keys,
	}
	if a.DryRun != action.None {
		item.DryRun = a.DryRun.String()
	}
	if !one.Token.IsZero() {
		item.Expires, item.TTLSeconds = timestamp(one.Token.Expires()), secondsUntil(one.Token.Expires(), one.Now)
	}
	return item
}

// printEnsuredSA prints a line for each Secret or file by default.
func printEnsuredSA(env *Env, s *session.Session, format *output.Format, a *action.SAEnsure, ensured *action.EnsuredTokens) error {
	list := output.List[ensuredSAItem]{Kind: "PublishedTokenList", Failures: failureItems(s, ensured.Failures)}
	for _, one := range ensured.Tokens {
		list.Items = append(list.Items, newEnsuredItem(a, one))
	}
	view := withPlace(s, output.View[ensuredSAItem]{
		Name: func(i ensuredSAItem) string { return "serviceaccount/" + i.ServiceAccount },
		Columns: []output.Column[ensuredSAItem]{
			{Title: "Namespace", Cell: func(i ensuredSAItem) string { return i.Namespace }},
			{Title: "ServiceAccount", Cell: func(i ensuredSAItem) string { return i.ServiceAccount }},
			{Title: "Status", Cell: func(i ensuredSAItem) string { return i.Status }},
			{Title: "TTL", Cell: func(i ensuredSAItem) string { return ttlCell(i.TTLSeconds, "<unknown>") }},
			{Title: "Where", Cell: func(i ensuredSAItem) string { return i.Where }},
			{Title: "Reason", Wide: true, Cell: func(i ensuredSAItem) string { return i.Reason }},
		},
	}, ensuredSAItem.place)
	return printLines(env, s, format, list, view, func(i ensuredSAItem) string { return i.Where + " " + i.Status + a.DryRun.Suffix() })
}

// reportEnsuredSA says what happened to each token, and how long it is valid.
func reportEnsuredSA(s *session.Session, a *action.SAEnsure, tokens []action.EnsuredToken) {
	for _, one := range tokens {
		switch {
		case one.Created && a.DryRun != action.None:
			s.Terminal.Info("would create a token of serviceaccount %s for %s: %s; keys that would change: %s", one.Account, one.Where, one.Reason, commaList(one.Keys))
			continue
		case one.Created && !s.Many():
			s.Terminal.Info("created a token of serviceaccount %s, used it against %s, and wrote it: %s; it %s", one.Account, one.Server.Redacted(), one.Reason, tokenExpiry(one.Token))
		case !s.Many():
			s.Terminal.Info("the token of serviceaccount %s is kept: %s of it is left", one.Account, leftOf(one))
		}
		if one.Created {
			warnLifetime(s, one.IssuedToken, a.Spec.Lifetime)
		}
		if one.ShortLived {
			s.Warn(one.Target, fmt.Sprintf("the server grants %s only, no more than --min-left: every run will create a token", leftOf(one)))
		}
	}
	if s.Many() && len(tokens) > 0 {
		s.Terminal.FlushWarnings()
		created := len(slices.DeleteFunc(slices.Clone(tokens), func(one action.EnsuredToken) bool { return !one.Created }))
		s.Terminal.Info("%d of %d tokens of serviceaccount %s were created%s, the others are valid for long enough", created, len(tokens), a.Name, a.DryRun.Suffix())
	}
}

func leftOf(one action.EnsuredToken) string {
	left := one.Token.Expires().Sub(one.Now).Truncate(time.Second)
	seconds := int64(left / time.Second)
	return ttlCell(&seconds, "")
}
