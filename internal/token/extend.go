// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// An Extension says until when tokens that exist are to be valid.
type Extension struct {
	Lifetime
	MaxAge       time.Duration // since their creation; 0: any
	AllowShorten bool          // a token may expire earlier than before
	OnlyShorten  bool          // a token that expires earlier anyway stays as it is
}

// An Extended is a token with its old and its new expiry.
type Extended struct {
	Secret *corev1.Secret // as stored; in a dry run as it would be, or as it is
	Old    time.Time      // zero: it never expired
	New    time.Time      // zero: it never expires
	Now    time.Time      // the server's
	Capped bool           // MaxAge is the reason why New is earlier than was asked for
}

// IsChanged reports whether the token expires at another time than before.
func (e Extended) IsChanged() bool { return !e.Old.Equal(e.New) }

// IsShortened reports whether the token expires earlier than before.
func (e Extended) IsShortened() bool { return isEarlier(e.New, e.Old) }

// Plan returns what an Extension makes of a token, given the server's time. It is Invalid to extend a token that the server
// does not accept, and to shorten one without AllowShorten.
func (e Extension) Plan(secret *corev1.Secret, now time.Time) (Extended, error) {
	out := Extended{Secret: secret, Now: now}
	ref := Ref{secret.Name}
	_, spec, _ := Decode(secret)
	out.Old = spec.Expires
	switch health := Evaluate(secret, now); health.Status {
	case OK:
	case Expired:
		return out, invalid(rotateHint, "token %s expired at %s and is not extended: the token cleaner may delete it at any moment", ref, stamp(out.Old))
	case Malformed, Other, Unusable:
		return out, invalid("", "token %s is not extended: it is %s", ref, health)
	}
	if secret.Immutable != nil && *secret.Immutable {
		return out, invalid(rotateHint, "token %s is not extended: its Secret is immutable", ref)
	}
	var err error
	if out.New, err = e.End(now); err != nil {
		return out, err
	}
	if latest := secret.CreationTimestamp.Add(e.MaxAge).UTC(); e.MaxAge > 0 && out.New.After(latest) {
		out.New, out.Capped = latest, true
	}
	if e.OnlyShorten && !isEarlier(out.New, out.Old) {
		out.New = out.Old
	}
	return out, e.check(ref, out)
}

// rotateHint is what to do about a token that cannot be extended.
const rotateHint = "rotate it: joinctl token rotate issues a new token in its place"

// check refuses a new expiry that helps nobody, or comes too early.
func (e Extension) check(ref Ref, out Extended) error {
	switch {
	case out.Capped && !out.New.After(out.Now):
		return invalid(rotateHint, "token %s is older than --max-age allows: it %s, and is not extended", ref, expires(out.Old))
	case out.Capped && !out.IsChanged():
		return invalid(rotateHint, "token %s %s, when it is as old as --max-age allows, and is not extended further", ref, expires(out.Old))
	case !e.AllowShorten && !e.OnlyShorten && isEarlier(out.New, out.Old):
		return invalid("--allow-shorten lets it expire earlier than before", "token %s %s, and would expire earlier, at %s",
			ref, expires(out.Old), stamp(out.New))
	}
	return nil
}

// isEarlier reports whether one expiry is before another; zero is never.
func isEarlier(one, other time.Time) bool {
	return !one.IsZero() && (other.IsZero() || one.Before(other))
}

// expires says when a token expires, zero for never.
func expires(at time.Time) string {
	if at.IsZero() {
		return "never expires"
	}
	return "expires at " + stamp(at)
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func invalid(hint, text string, args ...any) error {
	return &failure.Error{Reason: failure.Invalid, Hint: hint, Err: fmt.Errorf(text, args...)}
}

// Extend changes when the very token expires that Get or List returned, and nothing else of it; dryRun only asks the server
// whether it would. A token that somebody else changes at the same time is read and judged once more. A replaced one is a
// Conflict. The errors are those of Plan and Update.
func Extend(ctx context.Context, c *kube.Client, secret *corev1.Secret, e Extension, now time.Time, dryRun bool) (Extended, error) {
	out, err := e.extend(ctx, c, secret, now, dryRun)
	if !apierrors.IsConflict(err) {
		return out, err
	}
	again, readErr := Get(ctx, c, Ref{secret.Name})
	if readErr != nil || again.UID != secret.UID {
		return out, err
	}
	return e.extend(ctx, c, again, now, dryRun)
}

func (e Extension) extend(ctx context.Context, c *kube.Client, secret *corev1.Secret, now time.Time, dryRun bool) (Extended, error) {
	out, err := e.Plan(secret, now)
	if err != nil || !out.IsChanged() {
		return out, err
	}
	stored, err := Update(ctx, c, secret, func(data map[string][]byte) { setExpiration(data, out.New) }, dryRun)
	if err != nil {
		return out, fmt.Errorf("extend token %s: %w", Ref{secret.Name}, err)
	}
	out.Secret = stored
	return out, nil
}

// setExpiration sets when a token expires, zero for never.
func setExpiration(data map[string][]byte, at time.Time) {
	if at.IsZero() {
		delete(data, bootstrapapi.BootstrapTokenExpirationKey)
		return
	}
	data[bootstrapapi.BootstrapTokenExpirationKey] = []byte(at.Format(time.RFC3339))
}
