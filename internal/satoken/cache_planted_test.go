// SPDX-License-Identifier: Apache-2.0

//go:build unix

package satoken

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// another is a user other than the one that runs the tests.
const another = 12345

// fetchOne fetches a token, which has to be a new one.
func fetchOne(t *testing.T, cache Cache, now time.Time) Fetched {
	t.Helper()
	requests := new(atomic.Int32)
	got, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, requests))
	if err != nil || got.Token.IsZero() || requests.Load() != 1 {
		t.Fatalf("%+v, %v, %d requests", got, err, requests.Load())
	}
	return got
}

func TestACacheThatAnotherUserPlantedIsNotUsed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for name, test := range map[string]struct {
		plant func(cache Cache, elsewhere string) error
		root  bool
		want  string // why the token is not cached
	}{
		"a link for the directory": {plant: func(cache Cache, elsewhere string) error { return os.Symlink(elsewhere, cache.Dir) }, want: "is a symbolic link"},
		"a directory of another user": {root: true, plant: func(cache Cache, _ string) error {
			return errors.Join(os.Mkdir(cache.Dir, 0o777), os.Chmod(cache.Dir, 0o777), os.Chown(cache.Dir, another, another))
		}, want: "belongs to another user"},
		"a link for the lock": {plant: func(cache Cache, elsewhere string) error {
			return errors.Join(os.Mkdir(cache.Dir, 0o700), os.Symlink(filepath.Join(elsewhere, "new"), cache.file(key)+".lock"))
		}, want: "is a symbolic link"},
		"a pipe for the lock": {plant: func(cache Cache, _ string) error {
			return errors.Join(os.Mkdir(cache.Dir, 0o700), syscall.Mkfifo(cache.file(key)+".lock", 0o600))
		}, want: "is not a regular file"},
		"a lock of another user": {root: true, plant: func(cache Cache, _ string) error {
			lock := cache.file(key) + ".lock"
			return errors.Join(os.Mkdir(cache.Dir, 0o700), os.WriteFile(lock, nil, 0o600), os.Chown(lock, another, another))
		}, want: "belongs to another user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give files to other users")
			}
			cache, elsewhere := Cache{Dir: filepath.Join(t.TempDir(), "c")}, t.TempDir()
			if err := errors.Join(os.Chmod(elsewhere, 0o755), test.plant(cache, elsewhere)); err != nil {
				t.Fatal(err)
			}
			before, err := os.Stat(cache.Dir)
			if err != nil {
				t.Fatal(err)
			}
			got := fetchOne(t, cache, now)
			if got.CacheErr == nil || !strings.Contains(got.CacheErr.Error(), test.want) {
				t.Errorf("warning %v, not %q", got.CacheErr, test.want)
			}
			after, err := os.Stat(cache.Dir)
			if err != nil || after.Mode() != before.Mode() {
				t.Errorf("mode %v became %v, %v", before.Mode(), after.Mode(), err)
			}
			if files, err := os.ReadDir(elsewhere); err != nil || len(files) != 0 {
				t.Errorf("files were created elsewhere: %v, %v", files, err)
			}
		})
	}
}

func TestATokenThatAnotherUserCachedIsReplaced(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for name, plant := range map[string]func(path string) error{
		"of another user":   func(path string) error { return os.Chown(path, another, another) },
		"with another name": func(path string) error { return os.Link(path, path+".link") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "of another user" && os.Geteuid() != 0 {
				t.Skip("only root can give files to other users")
			}
			cache := Cache{Dir: t.TempDir()}
			fetchOne(t, cache, now)
			if err := plant(cache.file(key)); err != nil {
				t.Fatal(err)
			}
			if got := fetchOne(t, cache, now); got.CacheErr != nil {
				t.Errorf("not cached again: %v", got.CacheErr)
			}
			if got, err := cache.Fetch(t.Context(), key, clockAt(now), refusedRequest); err != nil || got.RenewErr != nil {
				t.Errorf("the new token is not served: %v, %v", got.RenewErr, err)
			}
		})
	}
}
