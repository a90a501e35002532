// SPDX-License-Identifier: Apache-2.0

// Package satoken answers what a ServiceAccount token is: asked for, granted, looked into, handed over in a kubeconfig
// or to an exec plugin's caller, kept on disk, and revoked.
package satoken

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unique"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/joinctl/joinctl/internal/kube"
)

// An Account names a ServiceAccount.
type Account struct {
	Namespace string
	Name      string
}

// String returns namespace/name.
func (a Account) String() string { return a.Namespace + "/" + a.Name }

// A Token is a ServiceAccount token as the server granted it. It can be logged and formatted with any verb: only
// Reveal and Object show the credential.
type Token struct {
	Claims     Claims                         // what the token says itself; zero where it is no JWT
	object     *authenticationv1.TokenRequest // without the credential
	credential unique.Handle[string]          // fmt shows a Handle as an address, and a struct behind a pointer not always so
}

// Request asks the server for a token of a ServiceAccount. Nothing is stored: a token that nobody prints is gone. The
// error keeps the API's reason, and has a hint where that tells what to check.
func Request(ctx context.Context, c *kube.Client, account Account, spec Spec) (Token, error) {
	granted, err := c.RequestToken(ctx, account.Namespace, account.Name, spec.Object())
	if err != nil {
		return Token{}, explain(account, spec, fmt.Errorf("request a token of serviceaccount %s: %w", account, err))
	}
	tok, err := newToken(granted)
	if err != nil {
		return Token{}, fmt.Errorf("request a token of serviceaccount %s: %w", account, err)
	}
	return tok, nil
}

func newToken(object *authenticationv1.TokenRequest) (Token, error) {
	if object.Status.Token == "" {
		return Token{}, errors.New("there is no token in the server's answer")
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

// IsZero reports whether t is no token at all.
func (t Token) IsZero() bool { return t.object == nil }

// Reveal returns the token as a credential. The zero Token has none, and panics.
func (t Token) Reveal() string { return t.credential.Value() }

// Object returns what the server answered, the credential included.
func (t Token) Object() *authenticationv1.TokenRequest {
	object := t.object.DeepCopy()
	object.Status.Token = t.Reveal()
	return object
}

// String returns what the token is for, without the token.
func (t Token) String() string { return "token of " + t.Claims.Subject }

// Expires returns when the token expires by its own account: the server's answer may say otherwise
// (k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go). It is zero where that is not known.
func (t Token) Expires() time.Time {
	if !t.Claims.Expires.IsZero() {
		return t.Claims.Expires
	}
	return t.object.Status.ExpirationTimestamp.Time
}

// Lifetime returns for how long the token was granted, 0 where that is not known.
func (t Token) Lifetime() time.Duration {
	switch asked := t.object.Spec.ExpirationSeconds; {
	case !t.Claims.Expires.IsZero() && !t.Claims.IssuedAt.IsZero():
		return t.Claims.Expires.Sub(t.Claims.IssuedAt)
	case asked != nil:
		return time.Duration(*asked) * time.Second
	}
	return 0
}
