// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
)

// closedAtStart reports whether an output was closed when the program started. The Go runtime then opens /dev/null for
// reading and writing in its place (runtime/fds_unix.go); a redirection by a shell opens it only for writing.
func closedAtStart(f *os.File) bool {
	var out, null syscall.Stat_t
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	return errno == 0 && flags&syscall.O_ACCMODE == syscall.O_RDWR &&
		syscall.Fstat(int(f.Fd()), &out) == nil && syscall.Stat(os.DevNull, &null) == nil && out.Rdev == null.Rdev && out.Rdev != 0
}
