// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// pendingUses returns the uses of the tokens on a target by token ID, to see whether a joiner still waits for its certificate:
// it asks for that with the token. It sends one request. It warns where the certificate requests cannot be read, and returns
// none: they lead to a question, and are no condition. A server without the API has none. The error says that the run was
// interrupted.
func pendingUses(ctx context.Context, s *session.Session, target fleet.Target, c *kube.Client) (map[string]token.Uses, error) {
	requests, err := c.CertificateRequests(ctx, "")
	switch failure.ReasonOf(err) {
	case "":
		return token.UsesOf(requests), nil
	case failure.Interrupted:
		return nil, err
	case failure.NotFound:
	default:
		s.Warn(target, fmt.Sprintf("cannot tell whether a joiner still waits for its certificate: list certificate requests: %v", err))
	}
	return nil, nil
}

// authenticates reports whether a joiner can use a token at a time. A Secret that was not read may be such a token.
func authenticates(secret *corev1.Secret, now time.Time) bool {
	if secret.UID == "" {
		return true
	}
	_, spec, err := token.Decode(secret)
	return err == nil && spec.Has(token.Authentication) && (spec.Expires.IsZero() || spec.Expires.After(now))
}

// confirmPending asks before a token goes while a joiner waits for its certificate: it reads that with the token. It sends one
// request for each target.
func (a *TokenDelete) confirmPending(ctx context.Context, target fleet.Target, c *kube.Client, secret *corev1.Secret) error {
	if a.ConfirmPending == nil || !authenticates(secret, time.Time{}) {
		return nil
	}
	a.asking.Lock()
	uses, known := a.uses[target]
	a.asking.Unlock()
	if !known { // only this goroutine visits the target
		var err error
		if uses, err = pendingUses(ctx, a.Session, target, c); err != nil {
			return err
		}
	}
	a.asking.Lock()
	defer a.asking.Unlock()
	a.uses[target] = uses
	ref := token.Ref{Name: secret.Name}
	use := uses[ref.ID()]
	now, _ := c.ServerTime(ctx) // known from the last answer
	if len(use.Waiting) > 0 && authenticates(secret, now) && !a.ConfirmPending(DeletedToken{Target: target, Object: secret}, use) {
		return unconfirmed(ref)
	}
	return nil
}

// unconfirmed is why a token stays that somebody was asked about.
func unconfirmed(ref token.Ref) error {
	return fmt.Errorf("token %s was left as it is: not confirmed", ref)
}
