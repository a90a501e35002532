// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenCommand(env *Env, conn *connection) *cobra.Command {
	var (
		at     place
		file   string
		format output.Format
		offer  offer
	)
	cmd := &cobra.Command{
		Use:   "command REF | -",
		Short: "Print the join command again for a token that exists",
		Long: `Print the join command again for a token that exists. A REF is a token ID, a whole token, the name of the Secret, or
secret/NAME; with CONTEXT/ before it, it is in that context. The command is checked as token create checks it. A token
that the server would refuse has no command.`,
		Example: `  joinctl token command 07401b
  joinctl token command hub-1/07401b
  joinctl token command 07401b --joiner kubeadm --endpoint api.example.org:6443`,
		Args: func(_ *cobra.Command, args []string) error {
			places, err := conn.parsePlaces(args, file, parseTokenName)
			if err != nil {
				return err
			}
			if len(places) > 1 {
				return errors.New("one token has one command: name a single REF")
			}
			at = places[0]
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			targets, err := conn.holding(at)
			if err != nil {
				return err
			}
			results := visit(cmd.Context(), conn, targets, offer.wait, func(ctx context.Context, target fleet.Target, c *kube.Client) (minted, error) {
				return offer.recall(ctx, env, target, c, at.ref())
			})
			missed, problems := conn.shortfall(), []error(nil)
			found := output.List[tokenItem]{Kind: "TokenList"}
			for _, result := range results {
				if result.Value.item.Command != "" {
					found.Items = append(found.Items, result.Value.item)
				}
				if result.Err != nil {
					missed.add(result.Target, result.Err)
					continue
				}
				missed.done++
				problems = append(problems, result.Value.problem)
			}
			found.Failures = missed.document()
			m := mint{env: env, conn: conn, dry: dryRunNone}
			return errors.Join(append(problems, m.print(&format, found, true), missed.orNil())...)
		},
	}
	addOutput(cmd, &format)
	offer.common(cmd, 5*time.Second)
	cmd.Flags().StringVar(&file, "token-file", "", "file with the REF, or - for standard input")
	before(cmd, offer.check)
	return cmd
}

// recall finds a token on a target and makes its join command.
func (o *offer) recall(ctx context.Context, env *Env, target fleet.Target, c *kube.Client, ref token.Ref) (minted, error) {
	out := minted{client: c}
	secret, err := token.Get(ctx, c, ref)
	if err != nil {
		return out, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return out, err
	}
	if health := token.Judge(secret, now); health.Status != token.OK {
		return out, &kube.Error{Reason: kube.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is %s", ref, health)}
	}
	tok, spec, err := token.Decode(secret)
	if err != nil {
		return out, fmt.Errorf("read token %s: %w", ref, err)
	}
	if !spec.Has(token.Signing) || !spec.Has(token.Authentication) {
		return out, &kube.Error{Reason: kube.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is for %s only", ref, list(spec.Usages))}
	}
	o.fits(env, tok.ID, spec)
	finding, err := o.find(ctx, env, target, c)
	if err != nil {
		return out, err
	}
	out.item = tokenItem{Context: target.Context, ID: tok.ID, Name: secret.Name, Token: tok.Reveal(), Status: string(token.OK)}
	out.item.describe(spec, now)
	out.item.join(o.command(finding, tok, spec))
	if out.problem = o.await(ctx, env, finding, tok); kube.ReasonOf(out.problem) == kube.Interrupted {
		return out, out.problem
	}
	return out, nil
}
