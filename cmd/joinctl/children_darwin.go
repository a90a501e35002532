// SPDX-License-Identifier: Apache-2.0

package main

import "golang.org/x/sys/unix"

// childrenByParent returns the processes of this machine by their parent.
func childrenByParent() map[int][]int {
	children := map[int][]int{}
	processes, _ := unix.SysctlKinfoProcSlice("kern.proc.all")
	for _, process := range processes {
		parent := int(process.Eproc.Ppid)
		children[parent] = append(children[parent], int(process.Proc.P_pid))
	}
	return children
}
