// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package secretfile

import "io/fs"

// openFlags are none: Lstat tells a symbolic link, and there are no pipes with names in directories.
const openFlags = 0

// isOwn returns true: the user's own directories are closed to others.
func isOwn(fs.FileInfo) bool { return true }

// isOwnOrRoots returns true, as isOwn does.
func isOwnOrRoots(fs.FileInfo) bool { return true }

// isOwnerOnly returns true: the mode of a file says nothing here.
func isOwnerOnly(fs.FileInfo) bool { return true }

// hasOneName returns true: the number of links is unknown.
func hasOneName(fs.FileInfo) bool { return true }
