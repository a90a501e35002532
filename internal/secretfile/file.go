// SPDX-License-Identifier: Apache-2.0

// Package secretfile writes files with credentials atomically, readable only for their owner, and reads them again. It
// follows no symbolic link.
package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is an open file for a credential (mode 0600). It has a temporary name in the same directory until Commit renames
// it, so that a reader never sees a part of it. The temporary file is locked: RemoveLeftovers removes those that are not.
type File struct {
	path string
	temp *os.File
	lock func() // releases the lock
}

// New creates the temporary file, so that a path that cannot be written fails before a credential exists. Commit replaces
// a symbolic link instead of following it. A directory or a device is an error. The caller must call Commit or Discard.
func New(path string) (*File, error) {
	info, err := os.Lstat(path) //nolint:gosec // operators name the files to write, and Follow follows no link of others
	switch {
	case err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeSymlink:
		return nil, fmt.Errorf("write %s: not a regular file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	const attempts = 100 // a program that looks for leftovers can be faster than hold
	for range attempts {
		temp, err := os.CreateTemp(filepath.Dir(path), tempPrefix(path)+"*") // mode 0600
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		file := &File{path, temp, func() {}}
		if file.hold() {
			return file, nil
		}
		file.Discard()
	}
	return nil, fmt.Errorf("write %s: its temporary files are removed by another program", path)
}

// Follow returns the path of the file that a path leads to through the symbolic links of this user or of root, whether the
// file exists or not, so that New replaces the file and not the link. A link of another user is an error.
func Follow(path string) (string, error) {
	const most = 40 // as Linux follows
	for range most {
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Type() != fs.ModeSymlink {
			return path, nil //nolint:nilerr // New says why it cannot write there
		}
		if !isOwnOrRoots(info) {
			return "", fmt.Errorf("write %s: it is a symbolic link of another user", path)
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("write %s: %w", path, err)
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", fmt.Errorf("write %s: too many symbolic links", path)
}

// Write writes a file at once: New and Commit.
func Write(path string, content []byte) error {
	file, err := New(path)
	if err != nil {
		return err
	}
	return file.Commit(content)
}

// Commit writes the content and renames the file. On an error it removes the temporary file, and an existing file stays
// as it is.
func (f *File) Commit(content []byte) error {
	defer f.lock()
	_, err := f.temp.Write(content)
	err = errors.Join(err, f.temp.Sync(), f.temp.Close())
	if err == nil {
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), os.Remove(f.temp.Name()))
	}
	return nil
}

// Discard removes the temporary file; an existing file stays as it is.
func (f *File) Discard() {
	defer f.lock()
	_ = f.temp.Close()
	_ = os.Remove(f.temp.Name())
}
