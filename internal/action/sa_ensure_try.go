// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/satoken"
)

// accepts reports whether the server accepts a token at the address, and with the certificate authority, that are
// published. The error says that it could not be asked.
func (e *saEnsuring) accepts(ctx context.Context, tok satoken.Token) (bool, error) {
	const timeout = 5 * time.Second // the consumer can be on another machine than this one
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	review, err := satoken.SelfReview(ctx, e.end.client, tok.Reveal())
	return err == nil && review.Accepted && review.User == e.renewal.Account.User(), err
}

// try uses a new token as its consumer will. It fails unless the token works, so that nothing that works is replaced.
func (e *saEnsuring) try(ctx context.Context, tok satoken.Token) error {
	accepted, err := e.accepts(ctx, tok)
	switch {
	case accepted:
		return nil
	case err == nil:
		return &failure.Error{
			Reason: failure.Invalid,
			Err:    fmt.Errorf("the API server at %s does not accept the new token, so %s was not changed", e.end.client.Server().Redacted(), e.at),
			Hint:   "do the address and the context lead to the same cluster?",
		}
	case failure.ReasonOf(err) == failure.Interrupted, failure.IsUntrusted(err), e.unreachable(err) && !e.onlyTokenChanges(ctx):
		return e.untried(err)
	}
	review, reviewErr := satoken.Review(ctx, e.issuer(), tok.Reveal(), nil)
	if reviewErr != nil || !review.Accepted || review.User != e.renewal.Account.User() {
		return e.untried(err)
	}
	if e.unreachable(err) {
		e.Session.Warn(e.target, fmt.Sprintf("%s cannot be reached from this machine, so the new token was tried through the control plane only", e.end.client.Server().Redacted()))
	}
	return nil
}

func (e *saEnsuring) unreachable(err error) bool {
	return failure.IsTransport(err) || errors.Is(err, context.DeadlineExceeded)
}

// onlyTokenChanges reports whether a new token would be published with the same address and certificate authority as the
// old one.
func (e *saEnsuring) onlyTokenChanges(ctx context.Context) bool {
	if e.old.IsZero() {
		return false
	}
	change, err := e.write(ctx, e.old, Client)
	return err == nil && change.Change == publish.Unchanged
}

// untried is the error of a token that could not be used as its consumer will.
func (e *saEnsuring) untried(err error) error {
	hint := "run this where the consumer can reach the server: a token that was not tried replaces none"
	if failure.IsUntrusted(err) {
		hint = "the certificate there is for other names, or of another authority than the one to publish: correct the context, or spec.apiEndpoint of the Cluster"
	}
	return &failure.Error{
		Err:  fmt.Errorf("the token could not be tried at %s, so %s was not changed: %w", e.end.client.Server().Redacted(), e.at, err),
		Hint: hint,
	}
}
