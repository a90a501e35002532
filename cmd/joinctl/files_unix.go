// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"math"
	"syscall"
)

// maxFiles returns how many files the program may have open at once, 0 where that is not known. Go has raised the limit
// as far as it goes.
func maxFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
