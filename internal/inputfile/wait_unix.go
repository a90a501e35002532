// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inputfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// openFlags make opening a pipe not wait for its other end, and a terminal not control the program.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY

// A waiter reads a pipe or a device, and looks between short waits whether it is to stop.
type waiter struct {
	path  string
	conn  syscall.RawConn
	stop  <-chan struct{}
	waits int // that are left
	of    time.Duration
}

// pause is one wait.
const pause = 50 * time.Millisecond

func waitFor(file *os.File, stop <-chan struct{}, patience time.Duration) (io.Reader, error) {
	conn, err := file.SyscallConn()
	return &waiter{path: file.Name(), conn: conn, stop: stop, waits: int(patience / pause), of: patience}, err
}

// Read waits until there is something to read, or the end.
func (w *waiter) Read(buffer []byte) (n int, err error) {
	for ; w.waits > 0; w.waits-- {
		select {
		case <-w.stop:
			return 0, w.failed(errStopped)
		default:
		}
		ready := false
		if controlErr := w.conn.Control(func(fd uintptr) { ready, n, err = readReady(int(fd), buffer) }); controlErr != nil {
			return 0, w.failed(controlErr)
		}
		switch {
		case err != nil:
			return 0, w.failed(err)
		case ready && n == 0:
			return 0, io.EOF
		case ready:
			return n, nil
		}
	}
	return 0, w.failed(fmt.Errorf("nothing was written to it, or it did not end, within %s", w.of))
}

// readReady reads what there is. It returns ready and 0 at the end, and not ready if there is nothing after a pause.
func readReady(fd int, buffer []byte) (ready bool, n int, err error) {
	events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}} //nolint:gosec // file descriptors are small
	polled, err := unix.Poll(events, int(pause.Milliseconds()))
	if err == nil && polled > 0 {
		n, err = unix.Read(fd, buffer)
	}
	switch {
	case err == unix.EINTR, err == unix.EAGAIN:
		return false, 0, nil
	case err != nil:
		return false, 0, err
	}
	return polled > 0, n, nil
}

func (w *waiter) failed(err error) error { return &fs.PathError{Op: "read", Path: w.path, Err: err} }
