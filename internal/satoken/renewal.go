// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"fmt"
	"time"
	"unique"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Renewal says when a published token is replaced by a new one.
type Renewal struct {
	Account  Account       // that the token has to be of
	Lifetime time.Duration // that new tokens are requested with
	MinLeft  time.Duration // a token with less left is replaced; 0: half of its lifetime, at most half of Lifetime
}

// Reason returns why a token with these claims is replaced at a time of the server's clock, "" if it is kept. A token that
// lives much longer than Lifetime is replaced too: somebody wants a short-lived one in its place.
func (r Renewal) Reason(claims Claims, now time.Time) string {
	const tolerance = 10 // per cent
	left := claims.Expires.Sub(now)
	switch {
	case claims.Subject != r.Account.User():
		return "it is of another ServiceAccount"
	case claims.Expires.IsZero():
		return "it never expires"
	case left <= 0:
		return "it expired at " + claims.Expires.UTC().Format(time.RFC3339)
	case left < r.minLeft(claims):
		return fmt.Sprintf("%s is left of it, less than %s", failure.Duration(left), failure.Duration(r.minLeft(claims)))
	case left > r.Lifetime+r.Lifetime*tolerance/100:
		return fmt.Sprintf("%s is left of it, more than the requested %s", failure.Duration(left), failure.Duration(r.Lifetime))
	}
	return ""
}

// minLeft returns how much has to be left of a token. A server that grants less than Lifetime must not cause a renewal in
// every run, so the half of what it granted counts.
func (r Renewal) minLeft(claims Claims) time.Duration {
	if r.MinLeft > 0 {
		return r.MinLeft
	}
	granted := r.Lifetime
	if !claims.IssuedAt.IsZero() {
		granted = min(granted, claims.Expires.Sub(claims.IssuedAt))
	}
	return granted / 2
}

// Outlasts reports whether a token that was just issued has as much left as has to be left. If it has not, every run
// replaces it.
func (r Renewal) Outlasts(tok Token) bool {
	lifetime := tok.Lifetime()
	return lifetime == 0 || lifetime > r.minLeft(tok.Claims)
}

// NewPublished returns a token that was found where it is published. The error is ErrNotJWT.
func NewPublished(credential string) (Token, error) {
	tok, err := newToken(&authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{Token: credential}})
	if err != nil || tok.Claims.Subject == "" {
		return Token{}, ErrNotJWT
	}
	return tok, nil
}

// Placeholder returns a token that no server accepts, to show or check what is written before there is a token.
func Placeholder() Token {
	return Token{object: &authenticationv1.TokenRequest{}, credential: unique.Make("placeholder")}
}
