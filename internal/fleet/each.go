// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Runner says how one operation runs on many keys: targets, or objects of one control plane.
type Runner[K any] struct {
	Parallel    int              // operations in progress at once; at least 1
	Timeout     time.Duration    // of one operation, once its credential plugin has answered: its context ends then
	Grace       time.Duration    // how long an operation may go on after that: a write in flight has to finish
	MaxFailures int              // no operation starts after so many have failed; 0: no limit
	Kill        <-chan struct{}  // when closed, operations in progress are abandoned at once; nil: never
	Watch       func(Progress)   // receives the progress of a run that takes longer than a second; nil: no reports
	Now         func() time.Time // this machine's clock, for Watch

	Name   func(K) string // what Progress calls a key; nil: nothing
	Plugin func(K) string // the credential plugin a key needs, "" for none: of keys with the same plugin one starts alone, the others wait until it is ready; nil: no key needs one

	PluginTimeout time.Duration // of one credential plugin; 0: the Timeout
}

// A Result is what an operation returned for one key.
type Result[K, T any] struct {
	Key   K
	Value T // set with an error too: what was done before the operation failed
	Err   error
}

// Ready tells the run that an operation has its credential, or needs none. Every operation calls it before it sends its
// first request, and sends its requests with the context that Ready returns: the time of the plugin does not count as theirs.
// It returns an error if the operation was abandoned in the meantime: then it must not send anything.
type Ready func() (context.Context, error)

// Each runs op once for every key and returns the results in the order of the keys. A failure neither cancels nor hides
// another result. Keys not started when ctx ends fail with the reason Interrupted, or Timeout for a deadline. An operation
// that outlives Timeout and Grace, or a Kill, is abandoned: the next key starts, and its Result has the reason Timeout
// or Unknown. An operation that waits for its credential plugin when its context ends is abandoned at once.
func Each[K, T any](ctx context.Context, r Runner[K], keys []K, op func(ctx context.Context, key K, ready Ready) (T, error)) []Result[K, T] {
	results := make([]Result[K, T], len(keys))
	q := newQueue(ctx, r, keys)
	defer q.finish()
	var workers sync.WaitGroup
	for range min(max(r.Parallel, 1), len(keys)) {
		workers.Go(func() {
			for i, err := q.next(); i < len(keys); i, err = q.next() {
				results[i] = Result[K, T]{Key: keys[i], Err: err}
				if err == nil {
					results[i] = runOne(r, newOperation(ctx, r, q.plugins[i], q.open), keys[i], op)
				}
				q.done(i, results[i].Err)
			}
		})
	}
	workers.Wait()
	return results
}

func runOne[K, T any](r Runner[K], o *operation, key K, op func(context.Context, K, Ready) (T, error)) Result[K, T] {
	defer o.end()
	current := o.ctx
	returned := make(chan Result[K, T], 1) // buffered, so that an abandoned operation can still return
	go func(ctx context.Context) {
		value, err := op(ctx, key, o.ready)
		returned <- Result[K, T]{key, value, err}
	}(current)
	ended := current.Done()
	giveUp := time.NewTimer(max(r.Timeout, o.pluginTimeout) + r.Grace)
	defer giveUp.Stop()
	for {
		select {
		case result := <-returned:
			return result
		case current = <-o.restarted:
			ended = current.Done()
			giveUp.Reset(r.Timeout + r.Grace)
		case <-ended:
			ended = nil
			if err := o.abandon(); err != nil {
				return Result[K, T]{Key: key, Err: err}
			}
			if errors.Is(current.Err(), context.DeadlineExceeded) {
				giveUp.Reset(r.Grace)
			}
		case <-giveUp.C:
			return Result[K, T]{Key: key, Err: &failure.Error{Reason: failure.Timeout, Err: errors.New("gave up: still running after its timeout")}}
		case <-r.Kill:
			return Result[K, T]{Key: key, Err: &failure.Error{Reason: failure.Unknown, Err: errors.New("abandoned while in progress")}}
		}
	}
}
