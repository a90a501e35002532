// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// DeriveID returns the token ID that follows from some words. A token ID is public. Runs that want a token for the same
// purpose at the same time derive the same ID, so that the server lets only one of them create it.
func DeriveID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	id := make([]byte, idLength)
	for i := range id {
		id[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(id)
}

// GenerateWithID returns a token with an ID and a random secret. The source of randomness must be cryptographically strong;
// its errors are returned.
func GenerateWithID(id string, random io.Reader) (Token, error) {
	secret, err := randomChars(random, secretLength)
	if err != nil {
		return Token{}, fmt.Errorf("generate a bootstrap token: %w", err)
	}
	return newToken(id, secret), nil
}

// Authenticates asks the server, with the token as the only credential, whether it accepts the token. A server without the
// API for that, or one that refuses the request to the token's own user, is taken to accept it.
func Authenticates(ctx context.Context, c *kube.Client, tok Token) (bool, error) {
	bearer, err := c.WithBearerToken(tok.Reveal())
	if err != nil {
		return false, err
	}
	user, err := bearer.WhoAmI(ctx)
	switch failure.ReasonOf(err) {
	case "":
		return user.Username == bootstrapapi.BootstrapUserPrefix+tok.ID, nil
	case failure.Unauthorized:
		return false, nil
	case failure.Forbidden, failure.NotFound, failure.Unsupported:
		return true, nil
	}
	return false, fmt.Errorf("authenticate with token %s: %w", tok.ID, err)
}
