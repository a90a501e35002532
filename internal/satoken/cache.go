// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/secretfile"
)

// A Cache keeps tokens on disk, so that programs that need the same token, in turn or at once, request only one. Only
// the owner can read its directory and the files in it: for each key one with the TokenRequest as the server returned
// it and the time of the request, and one for the lock.
type Cache struct {
	Dir  string
	Wait time.Duration // for another program that requests the same token; 0: until the context ends
}

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
	Expires  time.Time // of the token, by this machine's clock; zero: not known
	RenewErr error     // why there is no new token, although the cached one requires a refresh
	CacheErr error     // why the new token is not cached

	requested time.Time
}

// Fetch returns the cached token of a key while more than a fifth of its lifetime is left, and requests a new one after
// that. It returns a cached token that has not expired if another program is requesting a new one, or if request fails.
// now is the clock of this machine: it measures how old a token is, so it may differ from the server's. A program that keeps
// others waiting for longer than Wait is taken for a stopped one: Fetch requests a token that is not cached. Its errors are
// those of request, and that of ctx while it waits for another program.
func (c Cache) Fetch(ctx context.Context, key string, now func() time.Time, request func(context.Context) (Token, error)) (Fetched, error) {
	if err := secretfile.PrepareDir(c.Dir); err != nil {
		return requestUncached(ctx, now, request, err)
	}
	cached := c.read(key)
	if !cached.requiresRefresh(now()) {
		return cached.fetched(), nil
	}
	unlock, err := c.lock(ctx, key, !cached.isValid(now()))
	switch {
	case errors.Is(err, secretfile.ErrLocked):
		return cached.fetched(), nil
	case ctx.Err() != nil:
		return Fetched{}, fmt.Errorf("wait for another joinctl that requests the same token: %w", ctx.Err())
	case err != nil:
		return requestUncached(ctx, now, request, err)
	}
	defer unlock()
	if cached = c.read(key); !cached.requiresRefresh(now()) {
		return cached.fetched(), nil
	}
	got, err := requestUncached(ctx, now, request, nil)
	switch {
	case err == nil:
		got.CacheErr = c.write(key, cachedToken{got.Token, got.requested})
		return got, nil
	case cached.isValid(now()):
		got = cached.fetched()
		got.RenewErr = err
		return got, nil
	}
	return Fetched{}, err
}

// lock takes the lock of a key within Wait.
func (c Cache) lock(ctx context.Context, key string, wait bool) (unlock func(), err error) {
	path := c.file(key) + ".lock"
	if c.Wait <= 0 {
		return lock(ctx, path, wait)
	}
	waiting, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	unlock, err = lock(waiting, path, wait)
	if err != nil && waiting.Err() != nil {
		return nil, fmt.Errorf("another joinctl has held %s for %s: is it stopped?", path, c.Wait)
	}
	return unlock, err
}

// requestUncached requests a token.
func requestUncached(ctx context.Context, now func() time.Time, request func(context.Context) (Token, error), cacheErr error) (Fetched, error) {
	requested := now()
	tok, err := request(ctx)
	if err != nil {
		return Fetched{CacheErr: cacheErr}, err
	}
	got := cachedToken{tok, requested}.fetched()
	got.CacheErr = cacheErr
	return got, nil
}

func (c Cache) file(key string) string { return filepath.Join(c.Dir, key+".json") }

// read returns the cached token of a key, or the zero cachedToken. It ignores a file that other users wrote or can read,
// that is not a regular file or that is damaged: write replaces it.
func (c Cache) read(key string) cachedToken {
	existing, err := secretfile.Read(c.file(key))
	if err != nil || !existing.Private {
		return cachedToken{}
	}
	cached, err := parseEntry(existing.Content)
	if err != nil {
		klog.V(1).InfoS("ignoring an invalid file in the token cache", "file", c.file(key), "err", err)
		return cachedToken{}
	}
	return cached
}

// write caches a token under a key, and removes the temporary files of programs that were killed. The caller holds the
// lock.
func (c Cache) write(key string, cached cachedToken) error {
	secretfile.RemoveLeftovers(c.Dir)
	content, err := cached.encode()
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	return secretfile.Write(c.file(key), content)
}
