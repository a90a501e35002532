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

// A Cache keeps tokens on disk, so that programs that ask one after the other, or all at once, mint one. Its directory
// is for its owner only, and so are the files in it: one per key, a TokenRequest as the server answered it, and one to
// lock.
type Cache struct {
	Dir string
}

// errUnusable is why a file of the cache is not used.
var errUnusable = errors.New("not a token that was kept here")

// Key returns under what a token is kept: a hash over whom it is of, what it is for, and through whom it is minted.
func Key(c *kube.Client, account Account, spec Spec) string {
	encoded, _ := json.Marshal([]any{c.Fingerprint(), account, spec.Audiences, spec.Lifetime}) // strings and numbers cannot fail
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// A Fetched is a token out of a Cache or a new one, and what was not as it should be about it.
type Fetched struct {
	Token    Token
	RenewErr error // why an old token serves, although a new one was due
	CacheErr error // why a new token could not be kept
}

// Fetch returns the token that is kept under a key while more than a fifth of its life is left, else a new one. One
// that is nearly over serves still while another program mints, or where minting fails.
func (c Cache) Fetch(ctx context.Context, key string, now func() time.Time, mint func(context.Context) (Token, error)) (Fetched, error) {
	if err := c.prepare(); err != nil {
		return uncached(ctx, mint, err)
	}
	kept := c.read(key)
	if kept.isFresh(now()) {
		return Fetched{Token: kept}, nil
	}
	unlock, err := lock(ctx, c.file(key)+".lock", !kept.isValid(now()))
	switch {
	case errors.Is(err, errBusy):
		return Fetched{Token: kept}, nil
	case ctx.Err() != nil:
		return Fetched{}, fmt.Errorf("wait for another joinctl that mints the same token: %w", ctx.Err())
	case err != nil:
		return uncached(ctx, mint, err)
	}
	defer unlock()
	if kept = c.read(key); kept.isFresh(now()) {
		return Fetched{Token: kept}, nil
	}
	tok, err := mint(ctx)
	switch {
	case err == nil:
		return Fetched{Token: tok, CacheErr: c.write(key, tok)}, nil
	case kept.isValid(now()):
		return Fetched{Token: kept, RenewErr: err}, nil
	}
	return Fetched{}, err
}

func uncached(ctx context.Context, mint func(context.Context) (Token, error), why error) (Fetched, error) {
	tok, err := mint(ctx)
	return Fetched{Token: tok, CacheErr: why}, err
}

func (c Cache) file(key string) string { return filepath.Join(c.Dir, key+".json") }

// prepare makes the directory, and takes others' rights to it away.
func (c Cache) prepare() error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(c.Dir)
	if err != nil || private(info) {
		return err
	}
	return os.Chmod(c.Dir, 0o700) //nolint:gosec // a directory
}

// read returns what is kept under a key. A file that others can read, that is not ours or that is damaged counts for
// nothing: it will be replaced.
func (c Cache) read(key string) Token {
	info, err := os.Lstat(c.file(key))
	if err != nil || !info.Mode().IsRegular() || !private(info) {
		return Token{}
	}
	content, err := os.ReadFile(c.file(key))
	if err != nil {
		return Token{}
	}
	tok, err := parseEntry(content)
	if err != nil {
		klog.V(1).InfoS("ignoring a file of the cache", "file", c.file(key), "err", err)
		return Token{}
	}
	return tok
}

// parseEntry reads a file of the cache. Its only error is errUnusable.
func parseEntry(content []byte) (Token, error) {
	var object authenticationv1.TokenRequest
	if err := json.Unmarshal(content, &object); err != nil || object.Kind != "TokenRequest" {
		return Token{}, errUnusable
	}
	tok, err := newToken(&object)
	if err != nil || tok.Expires().IsZero() {
		return Token{}, errUnusable
	}
	return tok, nil
}

// write keeps a token under a key. What programs left behind that were killed while they wrote is removed: the caller
// holds the lock.
func (c Cache) write(key string, tok Token) error {
	leftover, _ := filepath.Glob(filepath.Join(c.Dir, "."+filepath.Base(c.file(key))+".tmp*"))
	for _, path := range leftover {
		_ = os.Remove(path)
	}
	content, err := json.Marshal(tok.Object())
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	return secretfile.Write(c.file(key), content)
}

// isFresh reports whether more than a fifth of the token's life is left.
func (t Token) isFresh(now time.Time) bool {
	const spare = 5
	return !t.IsZero() && t.Lifetime() > 0 && t.Expires().Sub(now) > t.Lifetime()/spare
}

// isValid reports whether there is a token that is not expired.
func (t Token) isValid(now time.Time) bool { return !t.IsZero() && now.Before(t.Expires()) }
