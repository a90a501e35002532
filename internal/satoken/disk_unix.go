// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package satoken

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// tryLock takes the lock or returns errLocked. It does not lock if the file system has no locks.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		_ = file.Close()
		return nil, errLocked
	}
	return func() { _ = file.Close() }, nil
}

// isOwnerOnly reports whether only the owner of a file has access.
func isOwnerOnly(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
