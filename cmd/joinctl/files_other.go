// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

// maxFiles returns 0: the limit of open files is unknown.
func maxFiles() int { return 0 }

// leaveTerminal does nothing: no terminal is inherited here.
func leaveTerminal() {}
