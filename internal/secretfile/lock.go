// SPDX-License-Identifier: Apache-2.0

package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// ErrLocked is the error of TryLock if another program holds the lock.
var ErrLocked = errors.New("locked by another program")

// errNoLocks is the error of tryLock if the file system has no locks.
var errNoLocks = errors.New("the file system has no locks")

// TryLock takes a lock, creates its file if it does not exist, and returns the function that releases it; the end of the
// program releases it too. It returns ErrLocked if another program holds the lock, and an error if the file is none of
// this user's, or a link. Where the file system has no locks it locks nothing.
func TryLock(path string) (unlock func(), err error) {
	unlock, err = tryLock(path, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, errNoLocks) {
		return func() {}, nil
	}
	return unlock, err
}

// tryLock opens a file with flags and locks it.
func tryLock(path string, flags int) (unlock func(), err error) {
	if info, err := os.Lstat(path); err == nil { // O_NOFOLLOW gives an error that does not tell links from loops
		if err := check(path, info); err != nil {
			return nil, err
		}
	}
	lock := flock.New(path, flock.SetFlag(flags|openFlags), flock.SetPermissions(ownerOnly))
	locked, err := lock.TryLock()
	if notOpened := (*fs.PathError)(nil); errors.As(err, &notOpened) {
		return nil, fmt.Errorf("lock %s: %w", path, notOpened.Err)
	}
	switch {
	case err != nil:
		return nil, errNoLocks
	case !locked:
		return nil, ErrLocked
	}
	unlock = func() { _ = lock.Unlock() }
	info, err := lock.Stat()
	if err == nil {
		err = check(path, info)
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
