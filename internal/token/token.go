// SPDX-License-Identifier: Apache-2.0

// Package token answers what a bootstrap token is: as a value, as a Secret, in good health or not, and in the API.
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

// Lengths of the two halves of a token, in characters of alphabet
// (k8s.io/cluster-bootstrap/token/api/types.go).
const (
	idLength     = bootstrapapi.BootstrapTokenIDBytes
	secretLength = bootstrapapi.BootstrapTokenSecretBytes
	alphabet     = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// ErrMalformed is what Parse returns. It says what a token looks like and never what was given.
var ErrMalformed = errors.New("a bootstrap token has the form [a-z0-9]{6}.[a-z0-9]{16}")

// A Token is a bootstrap token: a public token ID and a token secret. Tokens are equal when both halves are.
// A Token can be logged and formatted with any verb: only Reveal and Secret show the secret.
type Token struct {
	ID     string
	secret unique.Handle[string] // fmt shows a Handle as an address, in private fields of others too
}

// Parse reads a token of the form id.secret. Its only error is ErrMalformed.
func Parse(s string) (Token, error) {
	if !bootstraputil.IsValidBootstrapToken(s) {
		return Token{}, ErrMalformed
	}
	return newToken(s[:idLength], s[idLength+1:]), nil
}

// Generate draws a token from a source of randomness, which must be cryptographically strong.
func Generate(random io.Reader) (Token, error) {
	drawn, err := draw(random, idLength+secretLength)
	if err != nil {
		return Token{}, fmt.Errorf("draw a bootstrap token: %w", err)
	}
	return newToken(drawn[:idLength], drawn[idLength:]), nil
}

// LooksLike reports whether a text could be meant as a bootstrap token, well formed or not.
func LooksLike(s string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9]{4,8}\.[A-Za-z0-9]{10,}$`).MatchString(s)
}

func newToken(id, secret string) Token { return Token{ID: id, secret: unique.Make(secret)} }

// draw returns n characters of the alphabet, each equally likely: bytes at and above the largest multiple of 36
// are thrown away, since they would favour the first few characters.
func draw(random io.Reader, n int) (string, error) {
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

// IsZero reports whether t is no token at all.
func (t Token) IsZero() bool { return t == Token{} }

// Secret returns the token secret. The zero Token has none: it returns "".
func (t Token) Secret() string {
	if t.IsZero() {
		return ""
	}
	return t.secret.Value()
}

// Reveal returns the token as a credential: id.secret.
func (t Token) Reveal() string { return t.ID + "." + t.Secret() }

// String returns the token with its secret hidden.
func (t Token) String() string { return t.ID + ".<hidden>" }
