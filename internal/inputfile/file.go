// SPDX-License-Identifier: Apache-2.0

// Package inputfile reads the files that flags, arguments and kubeconfigs name. It reads no file without bound, and waits
// for no pipe without end.
package inputfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// The largest files that are read, in bytes.
const (
	ListLimit  = 256 << 20 // a kubeconfig of ten thousand contexts with certificates has 60 MB
	SmallLimit = 4 << 20   // certificates, keys, tokens and templates
)

// deviceLimit is the most that is read from a device: it is empty, endless, or a terminal.
const deviceLimit = 1 << 20

// patience is how long a pipe can be silent, in all. Process substitution, such as <(command), makes a pipe.
const patience = 30 * time.Second

// errStopped is the error of a Read that was interrupted.
var errStopped = errors.New("interrupted")

// Read returns the content of a file. A pipe is read to its end: the error says if nobody writes to it, or does not end,
// within 30 s, or if stop is closed before. stop can be nil. More than limit bytes are an error, as is more than 1 MiB from
// a device.
func Read(stop <-chan struct{}, path string, limit int64) ([]byte, error) {
	return read(stop, path, limit, patience)
}

func read(stop <-chan struct{}, path string, limit int64, patience time.Duration) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		if err := CheckSize(path, info, limit); err != nil {
			return nil, err
		}
		return ReadAll(file, path, limit)
	}
	if info.Mode()&fs.ModeDevice != 0 {
		limit = min(limit, deviceLimit)
	}
	from, err := waitFor(file, stop, patience)
	if err != nil {
		return nil, err
	}
	return ReadAll(from, path, limit)
}

// CheckSize returns an error for a regular file of more than limit bytes.
func CheckSize(path string, info fs.FileInfo, limit int64) error {
	if info.Size() > limit {
		return tooLarge(path, limit)
	}
	return nil
}

// ReadAll reads to the end. More than limit bytes are an error, which shows the name.
func ReadAll(from io.Reader, name string, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(content)) > limit:
		return nil, tooLarge(name, limit)
	}
	return content, nil
}

func tooLarge(name string, limit int64) error {
	return fmt.Errorf("%s has more than %d MiB", name, limit>>20)
}
