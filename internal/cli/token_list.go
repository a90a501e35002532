// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenList(conn *connection) *cobra.Command {
	var (
		format      output.Format
		showSecrets bool
		clusters    []string
		selector    selectorValue
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List bootstrap tokens and what the server will do with each",
		Long: `List bootstrap tokens, the soonest to expire first. STATUS tells what the server will do with a token: ok, expired,
unusable (well formed, yet refused) or malformed (not readable as a token), with the reason. No Secret of the type is
left out. Token secrets are hidden.`,
		Example: `  joinctl token list
  joinctl token list --context hub -o wide
  joinctl token list --for member1 --for member2
  joinctl token list -l app.kubernetes.io/managed-by=joinctl
  joinctl token list --contexts 'prod-*' --exclude-contexts '*-old' -o json
  joinctl token list -o jsonpath='{range .items[?(@.status!="ok")]}{.name}{"\n"}{end}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted := string(selector)
			if len(clusters) > 0 {
				wanted = strings.TrimPrefix(wanted+","+token.SelectFor(clusters...), ",")
			}
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]tokenItem, error) {
				klog.V(1).InfoS("listing bootstrap tokens", "context", target.Context, "server", c.Server().Host)
				secrets, now, err := token.List(ctx, c, wanted)
				return tokenItems(target, secrets, now, showSecrets), err
			})
			if err != nil {
				return err
			}
			return printFound(conn, &format, "TokenList", "bootstrap tokens", located(conn, tokenView(), tokenItem.at), results)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.Var(&clustersValue{&clusters}, "for", "list the tokens for this cluster alone (repeatable, or a list)")
	flags.VarP(&selector, "selector", "l", "list those alone whose Secrets have such labels")
	flags.BoolVar(&showSecrets, "show-secrets", false, "show whole tokens and not only their IDs, in every format")
	return cmd
}

// tokenItems describes what was found on a target, the soonest to expire first, what never does last.
func tokenItems(target fleet.Target, secrets []corev1.Secret, now time.Time, showSecrets bool) []tokenItem {
	items := make([]tokenItem, 0, len(secrets))
	for i := range secrets {
		secret := &secrets[i]
		tok, spec, err := token.Decode(secret)
		health := token.Evaluate(secret, now)
		item := tokenItem{
			Context: target.Context,
			ID:      token.Ref{Name: secret.Name}.ID(),
			Name:    secret.Name,
			Status:  string(health.Status),
			Reason:  health.Reason,
		}
		item.describe(spec, now)
		item.BadExpiry = spec.Expires.IsZero() && token.HasExpiration(secret)
		if created := secret.CreationTimestamp; !created.IsZero() {
			item.Age = brief(max(now.Sub(created.Time), 0))
		}
		if showSecrets && err == nil {
			item.Token = tok.Reveal()
		}
		items = append(items, item)
	}
	slices.SortStableFunc(items, func(a, b tokenItem) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), cmp.Compare(a.Expires, b.Expires), cmp.Compare(a.Name, b.Name))
	})
	return items
}

// urgency orders what the server will delete at once before what expires, and that before what never does.
func urgency(i tokenItem) int {
	switch {
	case i.BadExpiry:
		return 0
	case i.Expires != "":
		return 1
	}
	return 2
}
