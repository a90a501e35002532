// SPDX-License-Identifier: Apache-2.0

package secretfile

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
)

// tempPrefix returns how the names of the temporary files for a path begin; random digits follow.
func tempPrefix(path string) string { return "." + filepath.Base(path) + ".joinctl" }

// hold locks the temporary file. It returns false if another program has removed the file, or is about to. Where the file
// system has no locks it holds nothing.
func (f *File) hold() bool {
	if locksWrites() {
		return true
	}
	unlock, err := tryLock(f.temp.Name(), os.O_RDWR)
	switch {
	case errors.Is(err, errNoLocks):
		return true
	case err != nil:
		return false
	}
	f.lock = unlock
	named, err := os.Lstat(f.temp.Name())
	if err != nil {
		return false
	}
	opened, err := f.temp.Stat()
	return err == nil && os.SameFile(named, opened)
}

// locksWrites reports whether a lock prevents writing to the file, also by its holder. A file that is open cannot be
// removed there, so that it needs no lock.
func locksWrites() bool { return runtime.GOOS == "windows" }

// RemoveLeftovers removes the temporary files in a directory that programs left there which were killed: regular files
// of this user with such a name that nobody has locked. They can hold a credential. It keeps what it cannot judge, such as
// files in a file system without locks.
func RemoveLeftovers(dir string) {
	temporary := regexp.MustCompile(`^\..+\.joinctl\d+$`)
	entries, _ := os.ReadDir(dir) // without entries there is nothing to remove
	for _, entry := range entries {
		if temporary.MatchString(entry.Name()) {
			removeLeftover(filepath.Join(dir, entry.Name()))
		}
	}
}

func removeLeftover(path string) {
	info, err := os.Lstat(path)
	if err != nil || check(path, info) != nil {
		return
	}
	if !locksWrites() {
		unlock, err := tryLock(path, os.O_RDWR)
		if err != nil {
			return // it is in use
		}
		defer unlock()
	}
	_ = os.Remove(path)
}
