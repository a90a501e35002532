// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"errors"
	"time"
)

// errBusy is why a lock was not taken: another program holds it.
var errBusy = errors.New("locked by another program")

// lock takes a lock that ends with the program at the latest, and returns what gives it back. It waits for another
// program until ctx ends if it is to wait, and else returns errBusy. The file stays: to remove it would let a program
// that waits for it and one that makes it anew both in.
func lock(ctx context.Context, path string, wait bool) (unlock func(), err error) {
	const pause = 10 * time.Millisecond
	for {
		unlock, err = tryLock(path)
		if !errors.Is(err, errBusy) || !wait {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
