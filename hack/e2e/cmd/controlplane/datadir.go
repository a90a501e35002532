// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataDir is the directory everything a control plane writes goes to.
type dataDir struct {
	path string
	made bool // by us, so that it goes as well
}

// openDataDir makes path, or a temporary directory when path is empty, and
// changes the working directory to it. A directory that holds something is an
// error.
func openDataDir(path string) (dataDir, error) {
	d := dataDir{path: path, made: true}
	var err error
	if path == "" {
		d.path, err = os.MkdirTemp("", "joinctl-e2e-")
	} else if err = os.Mkdir(path, 0o700); errors.Is(err, fs.ErrExist) {
		d.made = false
		err = requireEmpty(path)
	}
	if err != nil {
		return d, fmt.Errorf("open the data directory: %w", err)
	}
	// Sockets get relative names, because an address has room for 107 bytes only.
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

// remove deletes what the control plane wrote.
func (d dataDir) remove() error {
	if d.made {
		return os.RemoveAll(d.path)
	}
	entries, err := os.ReadDir(d.path)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(d.path, e.Name())))
	}
	return err
}
