// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/token"
)

func newSAInspect(env *Env, conn *connection) *cobra.Command {
	var (
		format output.Format
		file   string
		review bool
		b      bearer
	)
	cmd := &cobra.Command{
		Use:   "inspect TOKEN | -",
		Short: "Show what a token says, without showing the token",
		Long: `Show what a token says about itself: whose it is, whom it is for, when it expires and with what it dies. No server is
asked, so that the signature is not verified; --review has the server judge it. A bootstrap token is recognised too. A
token given as an argument shows in process lists and shell histories: - and --token-file are there for that.`,
		Example: `  joinctl sa token robot | joinctl sa inspect -
  joinctl sa token robot | joinctl sa inspect - --review -o jsonpath={.items[0].review.user}`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			b, err = parseBearer(env, args, file)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := output.List[inspection]{Kind: "TokenInspectionList"}
			if !review {
				found.Items = []inspection{inspect(b, env.Now())}
				return printInspections(env, &format, found)
			}
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (inspection, error) {
				klog.V(1).InfoS("reviewing a token", "context", target.Context, "server", c.Server().Host)
				return b.review(ctx, target, c)
			})
			if err != nil {
				return err
			}
			missed, problems := &shortfall{}, []error(nil)
			for _, result := range results {
				if result.Err != nil {
					missed.add(result.Target, result.Err)
					continue
				}
				missed.done++
				found.Items = append(found.Items, result.Value)
				problems = append(problems, result.Value.problem())
			}
			found.Failures = missed.document()
			return errors.Join(append(problems, printInspections(env, &format, found), missed.orNil())...)
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().StringVar(&file, "token-file", "", "file with the token to inspect, or - for standard input")
	cmd.Flags().BoolVar(&review, "review", false, "ask the server whether it accepts the token, and whom it takes its bearer for")
	return cmd
}

// A bearer is a token that someone handed over: a JWT or a bootstrap token.
type bearer struct {
	credential string
	claims     satoken.Claims
	bootstrap  token.Token // zero: it is a JWT
}

// parseBearer reads one token from arguments, standard input or a file, and never repeats it.
func parseBearer(env *Env, args []string, file string) (bearer, error) {
	words, err := given(env, args, file)
	switch {
	case err != nil:
		return bearer{}, err
	case len(words) != 1:
		return bearer{}, fmt.Errorf("exactly one token is inspected at a time, as an argument, with - on standard input or with --token-file; got %d", len(words))
	}
	if tok, err := token.Parse(words[0]); err == nil {
		return bearer{credential: words[0], bootstrap: tok}, nil
	}
	claims, err := satoken.Decode(words[0])
	if err != nil {
		return bearer{}, fmt.Errorf("neither kind of token: %w; %w", token.ErrMalformed, err)
	}
	return bearer{credential: words[0], claims: claims}, nil
}

// review has one target judge the token.
func (b bearer) review(ctx context.Context, target fleet.Target, c *kube.Client) (inspection, error) {
	verdict, err := satoken.Review(ctx, c, b.credential, b.claims.Audiences)
	if err != nil {
		return inspection{}, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return inspection{}, err
	}
	out := inspect(b, now)
	verdict.Reason = redact.New().Text(verdict.Reason)
	out.Context, out.Verified, out.Review = target.Context, verdict.Accepted, &verdict
	return out, nil
}

// timely tells how a token stands to its own times.
func timely(c satoken.Claims, now time.Time) string {
	switch {
	case !c.Expires.IsZero() && !now.Before(c.Expires):
		return "expired"
	case now.Before(c.NotBefore):
		return "not yet valid"
	}
	return "in its time"
}
