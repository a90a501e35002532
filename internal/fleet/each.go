// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Runner says how an operation is run on many targets.
type Runner struct {
	Parallel    int              // operations under way at once; at least 1
	Timeout     time.Duration    // for one target, after which its context ends
	Grace       time.Duration    // further time in which an operation may still end by itself: a write that was sent has to be seen through
	MaxFailures int              // how many targets may fail before no more are begun; 0: all
	Kill        <-chan struct{}  // closed when the operator will not wait for operations under way any longer
	Watch       func(Progress)   // told how far a run is that takes longer than a second; nil: nobody is
	Now         func() time.Time // this machine's clock, for Watch
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
// reason Timeout or Unknown. Of targets with the same credential plugin one is begun alone: see Admitted.
func Each[T any](ctx context.Context, r Runner, targets []Target, op func(context.Context, Target) (T, error)) []Result[T] {
	results := make([]Result[T], len(targets))
	q := newQueue(ctx, r, targets)
	defer q.finish()
	var workers sync.WaitGroup
	for range min(max(r.Parallel, 1), len(targets)) {
		workers.Go(func() {
			for i, err := q.next(); i < len(targets); i, err = q.next() {
				results[i] = Result[T]{Target: targets[i], Err: err}
				if err == nil {
					results[i] = one(ctx, r, &visit{queue: q, target: targets[i]}, op)
				}
				q.done(i, results[i].Err)
			}
		})
	}
	workers.Wait()
	return results
}

func one[T any](ctx context.Context, r Runner, v *visit, op func(context.Context, Target) (T, error)) Result[T] {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	done := make(chan Result[T], 1) // buffered, so that an operation that was given up can still end
	go func() {
		value, err := op(context.WithValue(ctx, visitKey{}, v), v.target)
		done <- Result[T]{v.target, value, err}
	}()
	giveUp := time.NewTimer(r.Timeout + r.Grace)
	defer giveUp.Stop()
	over := ctx.Done()
	for {
		select {
		case result := <-done:
			return result
		case <-over:
			over = nil
			if err := v.abandon(ctx); err != nil {
				return Result[T]{Target: v.target, Err: err}
			}
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				giveUp.Reset(r.Grace)
			}
		case <-giveUp.C:
			return Result[T]{Target: v.target, Err: &failure.Error{Reason: failure.Timeout, Err: errors.New("gave up: it ignored that its time was over")}}
		case <-r.Kill:
			return Result[T]{Target: v.target, Err: &failure.Error{Reason: failure.Unknown, Err: errors.New("given up while it was under way")}}
		}
	}
}
