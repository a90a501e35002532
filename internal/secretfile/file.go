// SPDX-License-Identifier: Apache-2.0

// Package secretfile answers how a credential gets onto disk: whole or not at all, and for its owner only.
package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is one that holds a credential and is being written. Under its own name it is there whole or not at all, and
// only its owner can read it (mode 0600).
type File struct {
	path string
	temp *os.File
}

// New makes sure that a file can be written, before there is anything to write. A symbolic link will be replaced,
// not followed; what is no file at all is refused. The caller ends with Keep or Discard.
func New(path string) (*File, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeSymlink:
		return nil, fmt.Errorf("write %s: it is no regular file", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &File{path, temp}, nil
}

// Write makes a file have a content.
func Write(path string, content []byte) error {
	file, err := New(path)
	if err != nil {
		return err
	}
	return file.Keep(content)
}

// Keep writes the content and puts the file in its place. On an error what was there before still is.
func (f *File) Keep(content []byte) error {
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

// Discard gives the file up; what was there before stays.
func (f *File) Discard() {
	_ = f.temp.Close()
	_ = os.Remove(f.temp.Name())
}
