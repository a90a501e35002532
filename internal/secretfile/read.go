// SPDX-License-Identifier: Apache-2.0

package secretfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	ownerOnly    = 0o600
	ownerOnlyDir = 0o700
)

// An Existing is a file that this program may have written earlier.
type Existing struct {
	Content []byte
	Private bool // only its owner can read it, and it has no other name
}

// Read reads a regular file of this user. Anything else under the name is an error: a symbolic link, a pipe, a device, a
// file of another user, and one of more than 1 MiB, which no credential has.
func Read(path string) (Existing, error) {
	const limit = 1 << 20
	file, info, err := open(path)
	if err != nil {
		return Existing{}, err
	}
	defer func() { _ = file.Close() }()
	if err := check(path, info); err != nil {
		return Existing{}, err
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return Existing{}, fmt.Errorf("read %s: %w", path, err)
	case len(content) > limit:
		return Existing{}, fmt.Errorf("%s is too large for a credential", path)
	}
	return Existing{content, isOwnerOnly(info) && hasOneName(info)}, nil
}

// open opens what has a name, and neither follows a link nor waits for a pipe.
func open(path string) (*os.File, fs.FileInfo, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if !named.Mode().IsRegular() && !named.IsDir() {
		return nil, nil, notRegular(path, named)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	opened, err := file.Stat()
	if err == nil && !os.SameFile(named, opened) {
		err = fmt.Errorf("read %s: it was replaced meanwhile", path)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, opened, nil
}

// check returns an error for what is not a regular file of this user.
func check(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return notRegular(path, info)
	case !isOwn(info):
		return fmt.Errorf("%s belongs to another user", path)
	}
	return nil
}

func notRegular(path string, info fs.FileInfo) error {
	if info.Mode().Type() == fs.ModeSymlink {
		return fmt.Errorf("%s is a symbolic link", path)
	}
	return fmt.Errorf("%s is not a regular file", path)
}

// PrepareDir creates a directory that only this user can read, or removes the permissions of other users from one that
// exists. A symbolic link, and a directory of another user, is an error, and stays as it is.
func PrepareDir(path string) error {
	if err := os.MkdirAll(path, ownerOnlyDir); err != nil {
		return err
	}
	dir, info, err := open(path)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	switch {
	case !isOwn(info):
		return fmt.Errorf("%s belongs to another user", path)
	case isOwnerOnly(info):
		return nil
	}
	return dir.Chmod(ownerOnlyDir)
}
