// SPDX-License-Identifier: Apache-2.0

// Package satoken has ServiceAccount tokens: how to request, decode, review and revoke them, and how to provide them in
// a kubeconfig or as an exec credential plugin with a cache on disk.
package satoken

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unique"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// An Account names a ServiceAccount.
type Account struct {
	Namespace string
	Name      string
}

// String returns namespace/name.
func (a Account) String() string { return a.Namespace + "/" + a.Name }

// User returns the name of the user that a token of the ServiceAccount authenticates as.
func (a Account) User() string { return "system:serviceaccount:" + a.Namespace + ":" + a.Name }

// A Token is a ServiceAccount token that the server issued. It can be logged and formatted with any verb: only Reveal
// and TokenRequest return the credential.
type Token struct {
	Claims     Claims                         // of the token; zero if it is not a JWT
	object     *authenticationv1.TokenRequest // without the credential
	credential unique.Handle[string]          // fmt shows a Handle as an address, even in unexported fields of other types
}

// Request requests a token of a ServiceAccount. The server stores nothing, so an unused token needs no cleanup. The
// error keeps the API's reason, with a hint for those that the caller can fix.
func Request(ctx context.Context, c *kube.Client, account Account, spec Spec) (Token, error) {
	response, err := c.RequestToken(ctx, account.Namespace, account.Name, spec.TokenRequest())
	if err != nil {
		return Token{}, withHint(account, spec, fmt.Errorf("request a token of serviceaccount %s: %w", account, err))
	}
	tok, err := newToken(response)
	if err == nil {
		err = tok.verify(account, spec.Bound)
	}
	if err != nil {
		return Token{}, fmt.Errorf("request a token of serviceaccount %s: %w", account, err)
	}
	return tok, nil
}

func newToken(object *authenticationv1.TokenRequest) (Token, error) {
	if object.Status.Token == "" {
		return Token{}, failure.UnexpectedAnswer{Err: errors.New("the server's response has no token")}
	}
	if strings.ContainsFunc(object.Status.Token, isNotBearer) {
		return Token{}, failure.UnexpectedAnswer{Err: errors.New("the server's response has a token with characters that no bearer token has")}
	}
	claims, err := Decode(object.Status.Token)
	if err != nil {
		claims = Claims{} // the API does not promise a JWT
	}
	tok := Token{Claims: claims, object: object.DeepCopy(), credential: unique.Make(object.Status.Token)}
	tok.object.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	tok.object.Status.Token = ""
	return tok, nil
}

// isNotBearer reports whether a bearer token cannot contain a character (RFC 6750, section 2.1).
func isNotBearer(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/=", r)
}

// verify checks that a token is of the ServiceAccount, and bound to the object, that was asked for. A token that is no JWT
// proves nothing.
func (t Token) verify(account Account, bound BoundObject) error {
	claims := t.Claims
	if claims.Subject != "" && claims.Subject != account.User() {
		return failure.UnexpectedAnswer{Err: fmt.Errorf("the server returned a token of %q", claims.Subject)}
	}
	same := func(other BoundObject) bool {
		return other.Kind == bound.Kind && other.Name == bound.Name && (bound.UID == "" || other.UID == bound.UID)
	}
	if claims.Subject != "" && bound.Kind != "" && !slices.ContainsFunc(claims.Bound, same) {
		return failure.UnexpectedAnswer{Err: fmt.Errorf("the server returned a token that is not bound to %s %s", bound.Kind, bound.Name)}
	}
	return nil
}

// IsZero reports whether t is the zero Token.
func (t Token) IsZero() bool { return t.object == nil }

// Reveal returns the credential. It panics for the zero Token.
func (t Token) Reveal() string { return t.credential.Value() }

// TokenRequest returns the server's response, including the credential.
func (t Token) TokenRequest() *authenticationv1.TokenRequest {
	object := t.object.DeepCopy()
	object.Status.Token = t.Reveal()
	return object
}

// String describes the token without the credential.
func (t Token) String() string { return "token of " + t.Claims.Subject }

// Expires returns when the token expires: the claim of the token or, without a claim, the server's response. They
// differ if the server extended the lifetime (k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go). It
// is zero if neither has a time.
func (t Token) Expires() time.Time {
	if !t.Claims.Expires.IsZero() {
		return t.Claims.Expires
	}
	return t.object.Status.ExpirationTimestamp.Time
}

// Lifetime returns the lifetime of the issued token, 0 if it is unknown.
func (t Token) Lifetime() time.Duration {
	switch seconds := t.object.Spec.ExpirationSeconds; {
	case !t.Claims.Expires.IsZero() && !t.Claims.IssuedAt.IsZero():
		return t.Claims.Expires.Sub(t.Claims.IssuedAt)
	case seconds != nil:
		return time.Duration(*seconds) * time.Second
	}
	return 0
}

// LocalExpiry returns when a token that was requested at a time of this machine's clock expires by this machine's clock, which
// may differ from the server's: when its lifetime has passed since then. Without a lifetime it returns Expires.
func (t Token) LocalExpiry(requested time.Time) time.Time {
	if lifetime := t.Lifetime(); lifetime > 0 {
		return requested.Add(lifetime)
	}
	return t.Expires()
}
