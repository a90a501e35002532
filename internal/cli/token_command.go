// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenCommand(env *Env, conn *connection) *cobra.Command {
	var (
		at       place
		file     string
		clusters []string
		format   output.Format
		offer    offer
	)
	cmd := &cobra.Command{
		Use:   "command REF | -",
		Short: "Print the join command again for a token that exists",
		Long: `Print the join command again for a token that exists. A REF is a token ID, a whole token, the name of the Secret, or
secret/NAME; with CONTEXT/ before it, it is in that context. With --for it is the token for a cluster. The
command is checked as token create checks it. A token that the server would refuse has no command.`,
		Example: `  joinctl token command 07401b
  joinctl token command --for member1
  joinctl token command hub-1/07401b
  joinctl token command 07401b --joiner kubeadm --endpoint api.example.org:6443`,
		Args: func(_ *cobra.Command, args []string) error {
			places, err := conn.parseTokens(args, file, clusters)
			if err != nil {
				return err
			}
			if len(places) > 1 {
				return errors.New("one token has one command: name a single REF, or a single cluster")
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
				ref, err := at.one(ctx, c)
				if err != nil {
					return minted{}, err
				}
				return offer.recall(ctx, env, target, c, ref)
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
	cmd.Flags().Var(&clustersValue{&clusters}, "for", "name of the cluster whose token is meant")
	before(cmd, offer.check)
	return cmd
}

// one returns the token that a place means on one control plane: of those for a cluster the one that the server accepts.
func (p place) one(ctx context.Context, c *kube.Client) (token.Ref, error) {
	if p.name != "" {
		return p.ref(), nil
	}
	secrets, now, err := token.List(ctx, c, token.SelectFor(p.cluster))
	if err != nil {
		return token.Ref{}, err
	}
	good := slices.DeleteFunc(slices.Clone(secrets), func(s corev1.Secret) bool { return token.Evaluate(&s, now).Status != token.OK })
	if len(good) > 0 {
		secrets = good
	}
	var ids []string
	for i := range secrets {
		ids = append(ids, token.Ref{Name: secrets[i].Name}.String())
	}
	switch len(ids) {
	case 0:
		return token.Ref{}, &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("there is no token %s", p), Hint: "joinctl token create --for makes one"}
	case 1:
		return token.Ref{Name: secrets[0].Name}, nil
	}
	return token.Ref{}, &failure.Error{Reason: failure.Conflict, Err: fmt.Errorf("cluster %s has %d tokens (%s)", p.cluster, len(ids), strings.Join(briefly(ids), ", ")), Hint: "name one by its ID"}
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
	if health := token.Evaluate(secret, now); health.Status != token.OK {
		return out, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is %s", ref, health)}
	}
	tok, spec, err := token.Decode(secret)
	if err != nil {
		return out, fmt.Errorf("read token %s: %w", ref, err)
	}
	if !spec.Has(token.Signing) || !spec.Has(token.Authentication) {
		return out, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("nobody can join with token %s: it is for %s only", ref, list(spec.Usages))}
	}
	o.fits(env, tok.ID, spec)
	finding, err := o.find(ctx, env, target, c)
	if err != nil {
		return out, err
	}
	out.item = tokenItem{Context: target.Context, ID: tok.ID, Name: secret.Name, Token: tok.Reveal(), Status: string(token.OK)}
	out.item.describe(spec, now)
	out.item.join(o.command(finding, tok, spec))
	if out.problem = o.await(ctx, env, finding, tok); failure.ReasonOf(out.problem) == failure.Interrupted {
		return out, out.problem
	}
	return out, nil
}
