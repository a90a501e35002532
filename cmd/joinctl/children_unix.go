// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package main

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"time"
)

// endChildren ends the child processes of this program and their children, those that stay after a moment by force. It ends no
// process that a plugin left behind when it exited, such as an agent or a browser.
func endChildren() {
	const patience, pause = 300 * time.Millisecond, 10 * time.Millisecond
	children := descendants(os.Getpid())
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	for start := time.Now(); time.Since(start) < patience && slices.ContainsFunc(children, isRunning); {
		time.Sleep(pause)
	}
	for _, pid := range slices.DeleteFunc(children, func(pid int) bool { return !isRunning(pid) }) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func isRunning(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// descendants returns the processes below one, parents first.
func descendants(of int) []int {
	children := childrenByParent()
	found := slices.Clone(children[of])
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}
