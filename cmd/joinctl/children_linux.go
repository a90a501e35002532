// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// childrenByParent returns the processes of this machine by their parent, nil if this program has no child.
func childrenByParent() map[int][]int {
	if errors.Is(unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil), unix.ECHILD) {
		return nil
	}
	children := map[int][]int{}
	paths, _ := filepath.Glob("/proc/[1-9]*/stat")
	for _, path := range paths {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var (
			state  string
			parent int
		)
		name := bytes.LastIndexByte(stat, ')') // PID (NAME) STATE PARENT …: the name can contain anything (proc_pid_stat(5))
		if _, err := fmt.Sscan(string(stat[name+1:]), &state, &parent); err != nil {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	return children
}
