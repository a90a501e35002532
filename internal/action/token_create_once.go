// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	oncePoll = time.Second
	// onceGrace is how long a joiner gets to fetch its certificate, for which it needs the token.
	onceGrace = 5 * time.Second
)

// errUnused is the end of a wait for the use of a token.
var errUnused = errors.New("no certificate was issued with it")

// checkOnce returns an error if this client may not see whether a token is used.
func (a *TokenCreate) checkOnce(ctx context.Context, c *kube.Client) error {
	if !a.Once {
		return nil
	}
	if _, err := c.CertificateRequests(ctx, ""); err != nil {
		return failure.WithRequiredRight("list on certificatesigningrequests", fmt.Errorf("list the certificate requests, for --once: %w", err))
	}
	return nil
}

// DeleteAfterUse waits until a certificate is issued with a token that Run created, or its cluster is Ready, and deletes the
// token. It also deletes the token when OnceTimeout is over, which is an error. An interrupted run leaves the token; the error
// says so. progress is called with the uses so far. This is not atomic: others can use the token until it is deleted.
func (a *TokenCreate) DeleteAfterUse(ctx context.Context, created CreatedToken, progress func(token.Uses)) (token.Uses, error) {
	wait := a.OnceTimeout
	if a.TTL > 0 {
		wait = min(wait, a.TTL)
	}
	klog.V(1).InfoS("waiting for the use of a token", "id", created.Token.ID, "upTo", wait)
	result := session.On(ctx, a.Session, []fleet.Target{created.Target}, wait+onceGrace, func(ctx context.Context, _ fleet.Target, c *kube.Client) (token.Uses, error) {
		return waitUsed(ctx, c, created, wait, progress)
	})[0]
	object := tokenObject(a.Session, created.Target, created.Token)
	if ctx.Err() != nil {
		return result.Value, &failure.Error{
			Reason: failure.Interrupted,
			Err:    fmt.Errorf("%s still exists in %s: interrupted before a cluster joined with it", object.Name, object.Where),
			Hint:   "remove it with: " + object.Remove,
		}
	}
	if _, err := a.rollback.UndoAll(ctx, a.Session); err != nil {
		return result.Value, errors.Join(result.Err, err)
	}
	if result.Err != nil {
		return result.Value, fmt.Errorf("%s was deleted unused, after %s: %w", object.Name, failure.Duration(wait), result.Err)
	}
	return result.Value, nil
}

// waitUsed polls until a token is used. A poll that fails is tried again: the token has to be deleted in the end.
func waitUsed(ctx context.Context, c *kube.Client, created CreatedToken, upTo time.Duration, progress func(token.Uses)) (uses token.Uses, err error) {
	limited, cancel := context.WithTimeoutCause(ctx, upTo, errUnused)
	defer cancel()
	last := errUnused
	for pause := oncePoll; ; {
		now, used, err := readUses(limited, c, created)
		if limited.Err() == nil && err == nil {
			uses, last = now, errUnused
			progress(uses)
		} else if limited.Err() == nil {
			last = errors.Join(errUnused, err)
		}
		deadline := limited
		if used {
			deadline, pause = ctx, onceGrace
		}
		select {
		case <-deadline.Done():
			return uses, last
		case <-time.After(pause):
		}
		if used {
			now, _, err := readUses(ctx, c, created)
			if err == nil {
				uses = now
			}
			return uses, nil
		}
	}
}

// readUses reads the uses of a token, and whether its joiner has a certificate, or its cluster is Ready.
func readUses(ctx context.Context, c *kube.Client, created CreatedToken) (token.Uses, bool, error) {
	requests, err := c.CertificateRequests(ctx, "")
	if err != nil {
		return token.Uses{}, false, err
	}
	uses := token.UsesOf(requests)[created.Token.ID]
	unsigned := len(uses.Waiting) - uses.Pending // approved, and without a certificate
	if uses.Approved > unsigned || created.Spec.For == "" {
		return uses, uses.Approved > unsigned, nil
	}
	ready, err := c.MembersReady(ctx)
	if reason := failure.ReasonOf(err); reason == failure.Unsupported || reason == failure.Forbidden {
		err = nil
	}
	return uses, ready[created.Spec.For], err
}
