// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/joinctl/joinctl/internal/failure"
)

// A visit is an operation under way on a target.
type visit struct {
	queue  *queue
	target Target

	mu        sync.Mutex
	admitted  bool
	abandoned error
}

type visitKey struct{}

// Admitted says that the target of the operation that ctx was given to has its credential, or needs none, and is about
// to be sent something: every operation has to say so first. Others with the same credential plugin wait for it: one login prompt, one browser. Where the
// operation was given up meanwhile, as it is when its context ends before, the error says why nothing may be sent.
func Admitted(ctx context.Context) error {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.abandoned == nil && !v.admitted {
		v.admitted = true
		v.queue.open(v.target.Plugin())
	}
	return v.abandoned
}

// abandon gives an operation up whose context has ended and whose plugin has given no credential, and returns why; nil
// means that it may have sent something.
func (v *visit) abandon(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	plugin := v.target.Plugin()
	if v.admitted || plugin == "" {
		return nil
	}
	v.abandoned = fmt.Errorf("credential plugin %q has given no credential: %w", plugin, ctx.Err())
	if !errors.Is(v.abandoned, context.Canceled) {
		v.abandoned = &failure.Error{Reason: failure.CredentialPlugin, Err: v.abandoned}
	}
	return v.abandoned
}
