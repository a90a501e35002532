// SPDX-License-Identifier: Apache-2.0

// Command peak runs a program and prints its peak memory in KiB. It is a separate small program because the peak of a child
// process includes the memory of its parent at the time of the fork.
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
