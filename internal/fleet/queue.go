// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// A queue hands out the indexes of keys in order, except those that wait until their plugin has returned a credential.
type queue[K any] struct {
	ctx     context.Context //nolint:containedctx // a queue serves one run
	runner  Runner[K]
	keys    []K
	plugins []string // by index
	finish  func()

	mu       sync.Mutex
	changed  *sync.Cond
	ready    []int
	waiting  map[string][]int // by plugin
	started  map[int]time.Time
	finished int
	failed   int
}

func newQueue[K any](ctx context.Context, r Runner[K], keys []K) *queue[K] {
	q := &queue[K]{
		ctx: ctx, runner: r, keys: keys, plugins: make([]string, len(keys)),
		waiting: map[string][]int{}, started: map[int]time.Time{},
	}
	q.changed = sync.NewCond(&q.mu)
	seen := map[string]bool{}
	for i, key := range keys {
		if r.Plugin != nil {
			q.plugins[i] = r.Plugin(key)
		}
		plugin := q.plugins[i]
		if plugin != "" && seen[plugin] {
			q.waiting[plugin] = append(q.waiting[plugin], i)
			continue
		}
		seen[plugin] = true
		q.ready = append(q.ready, i)
	}
	stopWaking := context.AfterFunc(ctx, func() {
		q.mu.Lock() // a worker that is about to wait would miss it
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	stopWatching := q.watch()
	q.finish = func() { stopWaking(); stopWatching() }
	return q
}

// next waits for the next index and returns it, with an error if its operation must not start any more. After the last
// it returns the number of keys.
func (q *queue[K]) next() (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 && len(q.waiting) > 0 && q.stopped() == nil {
		q.changed.Wait()
	}
	err := q.stopped()
	if err != nil {
		for plugin := range q.waiting {
			q.release(plugin)
		}
	}
	if len(q.ready) == 0 {
		return len(q.keys), nil
	}
	i := q.ready[0]
	q.ready = q.ready[1:]
	if err == nil {
		q.started[i] = q.now()
	}
	return i, err
}

// stopped returns why no more operations start; nil: they do.
func (q *queue[K]) stopped() error {
	limit := q.runner.MaxFailures
	select {
	case <-q.runner.Kill:
		return &failure.Error{Reason: failure.Interrupted, Err: errors.New("not started: interrupted")}
	default:
	}
	switch err := q.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("not started: the time for the whole command was over: %w", err)
	case err != nil:
		return fmt.Errorf("not started: %w", err)
	case limit > 0 && q.failed >= limit:
		return &failure.Error{Reason: failure.Interrupted, Err: fmt.Errorf("not started: %s had failed", failure.Count(q.failed, "other"))}
	}
	return nil
}

// done records how an operation ended. If its plugin failed, the next key that waits for the plugin tries alone. If the
// plugin hung, all of them start: one after the other they would take too long.
func (q *queue[K]) done(i int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, started := q.started[i]
	delete(q.started, i)
	q.finished++
	if err != nil && started {
		q.failed++
	}
	plugin := q.plugins[i]
	rest := q.waiting[plugin]
	switch {
	case failure.ReasonOf(err) != failure.CredentialPlugin || errors.Is(err, context.DeadlineExceeded):
		q.release(plugin)
	case len(rest) > 0:
		q.ready, q.waiting[plugin] = append(q.ready, rest[0]), rest[1:]
	default:
		q.release(plugin)
	}
	q.changed.Broadcast()
}

// open starts all keys that wait for a plugin.
func (q *queue[K]) open(plugin string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(plugin)
	q.changed.Broadcast()
}

func (q *queue[K]) release(plugin string) {
	q.ready = append(q.ready, q.waiting[plugin]...)
	delete(q.waiting, plugin)
}

func (q *queue[K]) now() time.Time {
	if q.runner.Now == nil {
		return time.Time{}
	}
	return q.runner.Now()
}
