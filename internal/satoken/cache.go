// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/secretfile"
)

// A Cache keeps tokens on disk, so that programs that need the same token, in turn or at once, request only one. Only
// the owner can read its directory and the files in it: for each key one with the TokenRequest as the server returned
// it, and one for the lock.
type Cache struct {
	Dir string
}

// errInvalidEntry is the error of parseEntry. It does not show the content.
var errInvalidEntry = errors.New("not a cached token")

// Key returns the key of a token: a hash of the client's server and user, the ServiceAccount, the audiences and the
// lifetime.
func Key(c *kube.Client, account Account, spec Spec) string {
	encoded, _ := json.Marshal([]any{c.Fingerprint(), account, spec.Audiences, spec.Lifetime}) // strings and numbers cannot fail
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// A Fetched is a token from a Cache or a new one, with the errors that did not prevent its use.
type Fetched struct {
	Token    Token
	RenewErr error // why there is no new token, although the cached one requires a refresh
	CacheErr error // why the new token is not cached
}

// Fetch returns the cached token of a key while more than a fifth of its lifetime is left, and requests a new one after
// that. It returns a cached token that has not expired if another program is requesting a new one, or if request fails.
// Its errors are those of request, and that of ctx while it waits for another program.
func (c Cache) Fetch(ctx context.Context, key string, now func() time.Time, request func(context.Context) (Token, error)) (Fetched, error) {
	if err := c.prepare(); err != nil {
		return requestUncached(ctx, request, err)
	}
	cached := c.read(key)
	if !cached.requiresRefresh(now()) {
		return Fetched{Token: cached}, nil
	}
	unlock, err := lock(ctx, c.file(key)+".lock", !cached.isValid(now()))
	switch {
	case errors.Is(err, errLocked):
		return Fetched{Token: cached}, nil
	case ctx.Err() != nil:
		return Fetched{}, fmt.Errorf("wait for another joinctl that requests the same token: %w", ctx.Err())
	case err != nil:
		return requestUncached(ctx, request, err)
	}
	defer unlock()
	if cached = c.read(key); !cached.requiresRefresh(now()) {
		return Fetched{Token: cached}, nil
	}
	tok, err := request(ctx)
	switch {
	case err == nil:
		return Fetched{Token: tok, CacheErr: c.write(key, tok)}, nil
	case cached.isValid(now()):
		return Fetched{Token: cached, RenewErr: err}, nil
	}
	return Fetched{}, err
}

// requestUncached requests a token if the cache cannot be used.
func requestUncached(ctx context.Context, request func(context.Context) (Token, error), cacheErr error) (Fetched, error) {
	tok, err := request(ctx)
	return Fetched{Token: tok, CacheErr: cacheErr}, err
}

func (c Cache) file(key string) string { return filepath.Join(c.Dir, key+".json") }

// prepare creates the directory, and removes the permissions of other users.
func (c Cache) prepare() error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(c.Dir)
	if err != nil || isOwnerOnly(info) {
		return err
	}
	return os.Chmod(c.Dir, 0o700) //nolint:gosec // a directory
}

// read returns the cached token of a key, or the zero Token. It ignores a file that other users can read, that is not a
// regular file or that is damaged: write replaces it.
func (c Cache) read(key string) Token {
	info, err := os.Lstat(c.file(key))
	if err != nil || !info.Mode().IsRegular() || !isOwnerOnly(info) {
		return Token{}
	}
	content, err := os.ReadFile(c.file(key))
	if err != nil {
		return Token{}
	}
	tok, err := parseEntry(content)
	if err != nil {
		klog.V(1).InfoS("ignoring an invalid file in the token cache", "file", c.file(key), "err", err)
		return Token{}
	}
	return tok
}

// parseEntry parses a file of the cache. Its only error is errInvalidEntry.
func parseEntry(content []byte) (Token, error) {
	var object authenticationv1.TokenRequest
	if err := json.Unmarshal(content, &object); err != nil || object.Kind != "TokenRequest" {
		return Token{}, errInvalidEntry
	}
	tok, err := newToken(&object)
	if err != nil || tok.Expires().IsZero() {
		return Token{}, errInvalidEntry
	}
	return tok, nil
}

// write caches a token under a key, and removes the temporary files of programs that were killed. The caller holds the
// lock.
func (c Cache) write(key string, tok Token) error {
	leftover, _ := filepath.Glob(filepath.Join(c.Dir, "."+filepath.Base(c.file(key))+".tmp*"))
	for _, path := range leftover {
		_ = os.Remove(path)
	}
	content, err := json.Marshal(tok.TokenRequest())
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	return secretfile.Write(c.file(key), content)
}

// requiresRefresh reports whether a fifth of the lifetime or less is left: the kubelet renews its tokens then too
// (k8s.io/kubernetes/pkg/kubelet/token/token_manager.go).
func (t Token) requiresRefresh(now time.Time) bool {
	const fraction = 5
	return t.IsZero() || t.Lifetime() <= 0 || t.Expires().Sub(now) <= t.Lifetime()/fraction
}

// isValid reports whether t is a token that has not expired.
func (t Token) isValid(now time.Time) bool { return !t.IsZero() && now.Before(t.Expires()) }
