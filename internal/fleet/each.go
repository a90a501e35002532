// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joinctl/joinctl/internal/kube"
)

// A Runner says how an operation is run on many targets.
type Runner struct {
	Parallel int             // operations under way at once; at least 1
	Timeout  time.Duration   // for one target, after which its context ends
	Grace    time.Duration   // further time in which an operation may still end by itself: a write that was sent has to be seen through
	Kill     <-chan struct{} // closed when the operator will not wait for operations under way any longer
}

// A Result is what an operation gave on one target.
type Result[T any] struct {
	Target Target
	Value  T // also where Err is not nil: what was done before it failed
	Err    error
}

// Each runs op once on every target and returns the results in the order of the targets. A target that fails neither
// cancels nor hides another. Targets not yet started when ctx ends are reported as interrupted. An operation that
// outlives its time and the grace after it, or a Kill, is given up: its place is freed, and its Result has the
// reason Timeout or Unknown.
func Each[T any](ctx context.Context, r Runner, targets []Target, op func(context.Context, Target) (T, error)) []Result[T] {
	results := make([]Result[T], len(targets))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(max(r.Parallel, 1), len(targets)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(targets)); i = next.Add(1) - 1 {
				results[i] = one(ctx, r, targets[i], op)
			}
		})
	}
	workers.Wait()
	return results
}

func one[T any](ctx context.Context, r Runner, target Target, op func(context.Context, Target) (T, error)) Result[T] {
	if err := ctx.Err(); err != nil {
		return Result[T]{Target: target, Err: fmt.Errorf("not started: %w", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	done := make(chan Result[T], 1) // buffered, so that an operation that was given up can still end
	go func() {
		value, err := op(ctx, target)
		done <- Result[T]{target, value, err}
	}()
	giveUp := time.NewTimer(r.Timeout + r.Grace)
	defer giveUp.Stop()
	select {
	case result := <-done:
		return result
	case <-giveUp.C:
		return Result[T]{Target: target, Err: &kube.Error{Reason: kube.Timeout, Err: fmt.Errorf("gave up after %s", r.Timeout+r.Grace)}}
	case <-r.Kill:
		return Result[T]{Target: target, Err: &kube.Error{Reason: kube.Unknown, Err: fmt.Errorf("given up while it was under way")}}
	}
}
