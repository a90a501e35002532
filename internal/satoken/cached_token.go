// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/json"
	"errors"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
)

// errInvalidEntry is the error of parseEntry. It does not show the content.
var errInvalidEntry = errors.New("not a cached token")

// A cachedToken is a token, and when it was requested by this machine's clock. The token's own times are the server's, and
// the two clocks may differ: the age of the token is the time since the request.
type cachedToken struct {
	Token
	requested time.Time
}

// An entry is a file of the cache. A file of an earlier release has no time: its token is replaced.
type entry struct {
	authenticationv1.TokenRequest

	Requested time.Time `json:"requested"`
}

// parseEntry parses a file of the cache. Its only error is errInvalidEntry.
func parseEntry(content []byte) (cachedToken, error) {
	var file entry
	if err := json.Unmarshal(content, &file); err != nil || file.Kind != "TokenRequest" {
		return cachedToken{}, errInvalidEntry
	}
	tok, err := newToken(&file.TokenRequest)
	if err != nil || tok.Expires().IsZero() {
		return cachedToken{}, errInvalidEntry
	}
	return cachedToken{tok, file.Requested}, nil
}

// encode returns the file of a token.
func (t cachedToken) encode() ([]byte, error) {
	return json.Marshal(entry{*t.TokenRequest(), t.requested})
}

func (t cachedToken) fetched() Fetched {
	return Fetched{Token: t.Token, Expires: t.LocalExpiry(t.requested), requested: t.requested}
}

// requiresRefresh reports whether a fifth of the lifetime or less is left: the kubelet renews its tokens then too
// (k8s.io/kubernetes/pkg/kubelet/token/token_manager.go).
func (t cachedToken) requiresRefresh(now time.Time) bool {
	const fraction = 5
	return !t.isValid(now) || t.Lifetime() <= 0 || t.LocalExpiry(t.requested).Sub(now) <= t.Lifetime()/fraction
}

// isValid reports whether t is a token that has not expired. The age of a token that was requested in the future is not
// known: this machine's clock was set back.
func (t cachedToken) isValid(now time.Time) bool {
	return !t.IsZero() && !now.Before(t.requested) && now.Before(t.LocalExpiry(t.requested))
}
