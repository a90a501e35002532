// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"errors"
	"time"

	"github.com/joinctl/joinctl/internal/secretfile"
)

// lock takes a lock and returns the function that releases it; the end of the program releases it too. If another
// program holds the lock, it waits until ctx ends, or returns secretfile.ErrLocked at once if wait is false. The file
// stays: if it were removed, a program that waits for it and one that creates it again would both hold the lock.
func lock(ctx context.Context, path string, wait bool) (unlock func(), err error) {
	const pause = 10 * time.Millisecond
	for {
		unlock, err = secretfile.TryLock(path)
		if !errors.Is(err, secretfile.ErrLocked) || !wait {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
