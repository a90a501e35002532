// SPDX-License-Identifier: Apache-2.0

package inputfile

import (
	"io"
	"os"
)

// Open opens a file that is read piece by piece, so that it can have any size. A pipe is read as Read does: an error says if
// nobody writes to it for 30 s in all, or if stop is closed before. stop can be nil.
func Open(stop <-chan struct{}, path string) (io.ReadCloser, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		return file, nil
	}
	var from io.Reader
	if err == nil {
		from, err = waitFor(file, stop, patience)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return opened{from, file}, nil
}

// opened reads a pipe through the waiter, and closes its file.
type opened struct {
	io.Reader
	io.Closer
}
