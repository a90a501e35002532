// SPDX-License-Identifier: Apache-2.0

// Package secretfile writes files with credentials atomically, readable only for their owner.
package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is an open file for a credential (mode 0600). It has a temporary name in the same directory until Commit renames
// it, so that a reader never sees a part of it.
type File struct {
	path string
	temp *os.File
}

// New creates the temporary file, so that a path that cannot be written fails before a credential exists. Commit replaces
// a symbolic link instead of following it. A directory or a device is an error. The caller must call Commit or Discard.
func New(path string) (*File, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeSymlink:
		return nil, fmt.Errorf("write %s: not a regular file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &File{path, temp}, nil
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
	_ = f.temp.Close()
	_ = os.Remove(f.temp.Name())
}
