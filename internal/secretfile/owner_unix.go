// SPDX-License-Identifier: Apache-2.0

//go:build unix

package secretfile

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags make opening a file fail for a symbolic link, and not wait for the other end of a pipe.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// isOwn reports whether a file belongs to this user.
func isOwn(info fs.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(status.Uid) == os.Geteuid()
}

// isOwnOrRoots reports whether a file belongs to this user or to root.
func isOwnOrRoots(info fs.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && (status.Uid == 0 || isOwn(info))
}

// isOwnerOnly reports whether only the owner of a file has access.
func isOwnerOnly(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// hasOneName reports whether there is no other link to a file.
func hasOneName(info fs.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && status.Nlink == 1
}
