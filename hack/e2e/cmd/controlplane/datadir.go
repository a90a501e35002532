// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataDir is the directory with all files of a control plane.
type dataDir struct {
	path    string
	created bool // by this program, which then also removes it
}

// openDataDir creates path, or a temporary directory if path is empty, and
// changes the working directory to it. It returns an error if the directory is
// not empty.
func openDataDir(path string) (dataDir, error) {
	d := dataDir{path: path, created: true}
	var err error
	if path == "" {
		d.path, err = os.MkdirTemp("", "joinctl-e2e-")
	} else if err = os.Mkdir(path, 0o700); errors.Is(err, fs.ErrExist) {
		d.created = false
		err = requireEmpty(path)
	}
	if err != nil {
		return d, fmt.Errorf("open the data directory: %w", err)
	}
	// Sockets get relative names, because a socket address is limited to 107 bytes.
	if err := os.Chdir(d.path); err != nil {
		return d, errors.Join(fmt.Errorf("open the data directory: %w", err), d.remove())
	}
	return d, nil
}

func requireEmpty(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty", path)
	}
	return nil
}

// remove deletes all files of the control plane.
func (d dataDir) remove() error {
	if d.created {
		return os.RemoveAll(d.path)
	}
	entries, err := os.ReadDir(d.path)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(d.path, e.Name())))
	}
	return err
}
