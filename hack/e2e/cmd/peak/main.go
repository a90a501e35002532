// SPDX-License-Identifier: Apache-2.0

// Command peak runs a program and writes its peak memory, in KiB, to stdout. It is a program of its own, and a small
// one, because a child's peak begins with what its parent had in memory when it was forked.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
	fmt.Println(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
}
