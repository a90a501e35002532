// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
)

// closedAtStart reports whether an output was closed when the program started, or looks so. The Go runtime opens /dev/null
// for reading and writing in place of a closed one (runtime/fds_unix.go), before any code of this program runs. A shell opens
// /dev/null only for writing. Python's subprocess.DEVNULL cannot be told from a closed output: it has the same flags. Both
// count as closed, because a credential that is printed is lost in either case.
func closedAtStart(f *os.File) bool {
	var out, null syscall.Stat_t
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	return errno == 0 && flags&syscall.O_ACCMODE == syscall.O_RDWR &&
		syscall.Fstat(int(f.Fd()), &out) == nil && syscall.Stat(os.DevNull, &null) == nil && out.Rdev == null.Rdev && out.Rdev != 0
}
