// SPDX-License-Identifier: Apache-2.0

// Package token has bootstrap tokens: as values, as Secrets, their health, and how to create, list and delete them in a
// cluster.
package token

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"unique"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

// The lengths of the two halves of a token, in characters of alphabet
// (k8s.io/cluster-bootstrap/token/api/types.go).
const (
	idLength     = bootstrapapi.BootstrapTokenIDBytes
	secretLength = bootstrapapi.BootstrapTokenSecretBytes
	alphabet     = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// ErrMalformed is the error of Parse. It shows the form of a token and never the input, which may be a credential.
var ErrMalformed = errors.New("a bootstrap token has the form [a-z0-9]{6}.[a-z0-9]{16}")

// A Token is a bootstrap token: a public token ID and a token secret. Tokens are equal if both halves are equal. A
// Token can be logged and formatted with any verb: only Reveal and Secret return the secret.
type Token struct {
	ID     string
	secret unique.Handle[string] // fmt shows a Handle as an address, even in unexported fields of other types
}

// Parse reads a token in the form ID.SECRET. Its only error is ErrMalformed.
func Parse(s string) (Token, error) {
	if !bootstraputil.IsValidBootstrapToken(s) {
		return Token{}, ErrMalformed
	}
	return newToken(s[:idLength], s[idLength+1:]), nil
}

// Generate returns a random token. The source of randomness must be cryptographically strong; its errors are returned.
func Generate(random io.Reader) (Token, error) {
	chars, err := randomChars(random, idLength+secretLength)
	if err != nil {
		return Token{}, fmt.Errorf("generate a bootstrap token: %w", err)
	}
	return newToken(chars[:idLength], chars[idLength:]), nil
}

// LooksLike reports whether a text resembles a bootstrap token, well formed or not.
func LooksLike(s string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9]{4,8}\.[A-Za-z0-9]{10,}$`).MatchString(s)
}

func newToken(id, secret string) Token { return Token{ID: id, secret: unique.Make(secret)} }

// randomChars returns n characters of the alphabet, each equally likely. It drops bytes at and above the largest
// multiple of 36, which would favour the first few characters.
func randomChars(random io.Reader, n int) (string, error) {
	const limit = 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for len(out) < n {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", err
		}
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// IsZero reports whether t is the zero Token.
func (t Token) IsZero() bool { return t == Token{} }

// Secret returns the token secret, "" for the zero Token.
func (t Token) Secret() string {
	if t.IsZero() {
		return ""
	}
	return t.secret.Value()
}

// Reveal returns the credential, ID.SECRET.
func (t Token) Reveal() string { return t.ID + "." + t.Secret() }

// String returns the token with a placeholder for the secret.
func (t Token) String() string { return t.ID + ".<hidden>" }
