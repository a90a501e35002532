// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// SAToken requests a ServiceAccount token on every target.
type SAToken struct {
	RequestOptions

	// Deliver hands the tokens over. If it fails, revocable ones are revoked.
	Deliver func(*IssuedTokens) error
}

// IssuedTokens is what SAToken did.
type IssuedTokens struct {
	Tokens   []IssuedToken // those that are not discarded, in the order of the targets
	Failures *session.Failures
	Findings []error // why tokens are discarded
}

// requested is a token, or why it is discarded.
type requested struct {
	IssuedToken
	finding error
}

// Run requests the tokens and delivers them. The result is complete also where the error says that they could not be
// delivered; the error alone says that nothing was attempted.
func (a *SAToken) Run(ctx context.Context) (*IssuedTokens, error) {
	results, err := session.Each(ctx, a.Session, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (requested, error) {
		issued, finding, err := a.issue(ctx, target, c)
		return requested{issued, finding}, err
	})
	if err != nil {
		return nil, err
	}
	out := &IssuedTokens{Failures: a.Session.NewFailures()}
	for _, result := range results {
		switch one := result.Value; {
		case result.Err != nil:
			out.Failures.Add(result.Key, a.rollback.Explain(result.Key, result.Err))
			continue
		case one.finding != nil:
			out.Findings = append(out.Findings, one.finding)
		default:
			out.Tokens = append(out.Tokens, one.IssuedToken)
		}
		out.Failures.Done++
	}
	if err := a.Deliver(out); err != nil {
		undone, undoErr := a.rollback.UndoAll(ctx, a.Session)
		return out, undelivered(err, "printed", undone, undoErr)
	}
	return out, nil
}
