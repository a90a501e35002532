// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package satoken

import "io/fs"

// tryLock does not lock: programs that start at once each request a token, and the last one is cached.
func tryLock(string) (unlock func(), err error) { return func() {}, nil }

// isOwnerOnly returns true: the mode of a file says nothing here, and the user's own directories are closed to others.
func isOwnerOnly(fs.FileInfo) bool { return true }
