// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"math"
	"syscall"
)

// maxFiles returns the limit of open files, 0 if it is unknown. The Go runtime has raised it to the maximum
// (syscall/rlimit.go).
func maxFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}

// leaveTerminal makes /dev/tty unavailable to this program and to the programs that it starts. It does nothing if this program
// leads its process group: then a shell with job control started it, and no completion script did.
func leaveTerminal() { _, _ = syscall.Setsid() }
