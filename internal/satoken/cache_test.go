// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/secretfile"
)

const key = "k"

var errRefused = errors.New("refused")

// clockAt returns a clock that always shows the same time.
func clockAt(t time.Time) func() time.Time { return func() time.Time { return t } }

// countedRequest returns a function that issues a token for an hour from a time, and counts its calls.
func countedRequest(t *testing.T, at time.Time, count *atomic.Int32) func(context.Context) (Token, error) {
	return func(context.Context) (Token, error) {
		count.Add(1)
		return testToken(t, jwtFor(at, at.Add(time.Hour)), time.Time{}, 3600), nil
	}
}

func refusedRequest(context.Context) (Token, error) { return Token{}, errRefused }

func TestFetchReturnsTheCachedTokenWhileMoreThanAFifthOfItsLifetimeIsLeft(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_000_000, 0)
	for _, test := range []struct {
		after    time.Duration
		requests int32
	}{{0, 1}, {47 * time.Minute, 1}, {48 * time.Minute, 2}, {59 * time.Minute, 2}, {2 * time.Hour, 2}} {
		cache, requests := Cache{Dir: filepath.Join(t.TempDir(), "c")}, new(atomic.Int32)
		for _, at := range []time.Time{start, start.Add(test.after)} {
			got, err := cache.Fetch(t.Context(), key, clockAt(at), countedRequest(t, at, requests))
			if err != nil || got.RenewErr != nil || got.CacheErr != nil || !got.Token.Expires().After(at) {
				t.Errorf("after %s: %+v, %v", test.after, got, err)
			}
		}
		if requests.Load() != test.requests {
			t.Errorf("after %s: %d requests, not %d", test.after, requests.Load(), test.requests)
		}
	}
}

func TestFetchReturnsTheCachedTokenUntilItExpiresIfTheRequestFails(t *testing.T) {
	t.Parallel()
	start, cache, requests := time.Unix(1_000_000, 0), Cache{Dir: t.TempDir()}, new(atomic.Int32)
	if _, err := cache.Fetch(t.Context(), key, clockAt(start), countedRequest(t, start, requests)); err != nil {
		t.Fatal(err)
	}
	got, err := cache.Fetch(t.Context(), key, clockAt(start.Add(59*time.Minute)), refusedRequest)
	if err != nil || got.Token.IsZero() || !errors.Is(got.RenewErr, errRefused) {
		t.Errorf("in the last minute: %+v, %v", got, err)
	}
	got, err = cache.Fetch(t.Context(), key, clockAt(start.Add(time.Hour)), refusedRequest)
	if !errors.Is(err, errRefused) || !got.Token.IsZero() {
		t.Errorf("after it expired: %+v, %v", got, err)
	}
}

func TestFetchWaitsForAnotherProgramOnlyIfTheCachedTokenExpired(t *testing.T) {
	t.Parallel()
	start, cache, requests := time.Unix(1_000_000, 0), Cache{Dir: t.TempDir()}, new(atomic.Int32)
	if _, err := cache.Fetch(t.Context(), key, clockAt(start), countedRequest(t, start, requests)); err != nil {
		t.Fatal(err)
	}
	unlock, err := secretfile.TryLock(cache.file(key) + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	got, err := cache.Fetch(t.Context(), key, clockAt(start.Add(59*time.Minute)), refusedRequest)
	if err != nil || got.Token.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := cache.Fetch(ctx, key, clockAt(start.Add(2*time.Hour)), refusedRequest); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it does not wait after the token expired: %v", err)
	}
}

func TestFetchDoesNotWaitForAStoppedProgramForLongerThanWait(t *testing.T) {
	t.Parallel()
	now, requests := time.Unix(1_000_000, 0), new(atomic.Int32)
	cache := Cache{Dir: t.TempDir(), Wait: 50 * time.Millisecond}
	unlock, err := secretfile.TryLock(cache.file(key) + ".lock") // by a program that never unlocks
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	got, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, requests))
	if err != nil || got.Token.IsZero() || requests.Load() != 1 {
		t.Fatalf("%+v, %v after %d requests", got, err, requests.Load())
	}
	if got.CacheErr == nil || !strings.Contains(got.CacheErr.Error(), "another joinctl has held "+cache.file(key)+".lock for 50ms: is it stopped?") {
		t.Errorf("the warning is %v", got.CacheErr)
	}
}

func TestConcurrentFetchesRequestOneToken(t *testing.T) {
	t.Parallel()
	now, cache, requests := time.Unix(1_000_000, 0), Cache{Dir: t.TempDir()}, new(atomic.Int32)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, requests)); err != nil || got.Token.IsZero() {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

func TestFetchReplacesAFileThatIsDamagedOrReadableByOthers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	valid, err := cachedToken{testToken(t, jwtFor(now, now.Add(time.Hour)), time.Time{}, 3600), now}.encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func(path string) error{
		"empty":           func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"truncated":       func(path string) error { return os.WriteFile(path, valid[:len(valid)/2], 0o600) },
		"other object":    func(path string) error { return os.WriteFile(path, []byte(`{"kind":"Secret"}`), 0o600) },
		"no token":        func(path string) error { return os.WriteFile(path, []byte(`{"kind":"TokenRequest"}`), 0o600) },
		"readable":        func(path string) error { return os.WriteFile(path, valid, 0o644) },
		"a symbolic link": func(path string) error { return os.Symlink("elsewhere", path) },
		"a symbolic link to a file": func(path string) error {
			elsewhere := filepath.Join(filepath.Dir(path), "elsewhere")
			return errors.Join(os.WriteFile(elsewhere, valid, 0o600), os.Symlink(elsewhere, path))
		},
		"a temporary file": func(path string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(path), ".k.json.joinctl1"), valid[:9], 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, requests := Cache{Dir: t.TempDir()}, new(atomic.Int32)
			if err := prepare(cache.file(key)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, requests)); err != nil || got.CacheErr != nil {
					t.Fatalf("%+v, %v", got, err)
				}
			}
			if requests.Load() != 1 {
				t.Errorf("%d requests", requests.Load())
			}
			if remaining, _ := filepath.Glob(filepath.Join(cache.Dir, ".*")); len(remaining) > 0 {
				t.Errorf("temporary files remain: %v", remaining)
			}
		})
	}
}

func TestOnlyTheOwnerCanReadTheCache(t *testing.T) {
	t.Parallel()
	now, cache := time.Unix(1_000_000, 0), Cache{Dir: t.TempDir()}
	if err := os.Chmod(cache.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, new(atomic.Int32))); err != nil {
		t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(cache.Dir, "*"))
	for _, path := range append(paths, cache.Dir) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if len(paths) != 2 {
		t.Errorf("files: %v", paths)
	}
}

func TestFetchRequestsATokenIfTheDirectoryCannotBeCreated(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_000_000, 0)
	got, err := Cache{Dir: filepath.Join(file, "c")}.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, new(atomic.Int32)))
	if err != nil || got.Token.IsZero() || got.CacheErr == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(`{"kind":"TokenRequest","status":{"token":"` + jwtFor(time.Unix(1, 0), time.Unix(3601, 0)) + `"}}`))
	f.Add([]byte(`{"kind":"TokenRequest","spec":{"expirationSeconds":-9223372036854775808},"status":{"token":"x","expirationTimestamp":"2026-01-01T00:00:00Z"}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, content []byte) {
		tok, err := parseEntry(content)
		if err != nil {
			if !errors.Is(err, errInvalidEntry) || err.Error() != errInvalidEntry.Error() {
				t.Fatalf("the error may show the content: %v", err)
			}
			return
		}
		if !tok.requiresRefresh(time.Unix(1_000_000, 0)) && !tok.isValid(time.Unix(1_000_000, 0)) {
			t.Fatal("expired, but no refresh required")
		}
		again, err := tok.encode()
		if err != nil {
			t.Fatal(err)
		}
		reread, err := parseEntry(again)
		if err != nil || !strings.EqualFold(reread.Reveal(), tok.Reveal()) || bytes.Contains([]byte(tok.String()), []byte(tok.Reveal())) {
			t.Fatalf("the cached token differs: %v", err)
		}
	})
}
