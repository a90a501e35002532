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

// A queue hands out targets, in their order but for those that wait for the first contact of their plugin.
type queue struct {
	ctx     context.Context //nolint:containedctx // that of the one run that the queue is for
	runner  Runner
	targets []Target
	finish  func()

	mu      sync.Mutex
	changed *sync.Cond
	ready   []int            // what can be begun
	waiting map[string][]int // what waits, by plugin
	begun   map[int]time.Time
	over    int
	failed  int
}

func newQueue(ctx context.Context, r Runner, targets []Target) *queue {
	q := &queue{ctx: ctx, runner: r, targets: targets, waiting: map[string][]int{}, begun: map[int]time.Time{}}
	q.changed = sync.NewCond(&q.mu)
	alone := map[string]bool{}
	for i, target := range targets {
		plugin := target.Plugin()
		if plugin == "" || !alone[plugin] {
			alone[plugin] = true
			q.ready = append(q.ready, i)
			continue
		}
		q.waiting[plugin] = append(q.waiting[plugin], i)
	}
	woken := context.AfterFunc(ctx, func() {
		q.mu.Lock() // a worker that is just about to wait would miss it
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	watched := q.watch()
	q.finish = func() { woken(); watched() }
	return q
}

// next returns the index of the target to begin with, as soon as there is one, with the reason if it must not be begun
// any more. When none is left it returns how many there were.
func (q *queue) next() (int, error) {
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
		return len(q.targets), nil
	}
	i := q.ready[0]
	q.ready = q.ready[1:]
	if err == nil {
		q.begun[i] = q.now()
	}
	return i, err
}

// stopped returns why no more targets are begun; nil: they are.
func (q *queue) stopped() error {
	most := q.runner.MaxFailures
	switch err := q.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("not started: the time for the whole command was over: %w", err)
	case err != nil:
		return fmt.Errorf("not started: %w", err)
	case most > 0 && q.failed >= most:
		return &failure.Error{Reason: failure.Interrupted, Err: fmt.Errorf("not started: %d others had failed", q.failed)}
	}
	return nil
}

// done records how a target ended. Where a plugin gave its first contact no credential, the next target tries alone.
// Where it hangs they all try: they would wait in vain.
func (q *queue) done(i int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, begun := q.begun[i]
	delete(q.begun, i)
	q.over++
	if err != nil && begun {
		q.failed++
	}
	plugin := q.targets[i].Plugin()
	rest := q.waiting[plugin]
	switch {
	case failure.ReasonOf(err) != failure.CredentialPlugin || errors.Is(err, context.DeadlineExceeded):
		q.release(plugin)
	case len(rest) > 1:
		q.ready, q.waiting[plugin] = append(q.ready, rest[0]), rest[1:]
	default:
		q.release(plugin)
	}
	q.changed.Broadcast()
}

// open lets all begin that wait for a plugin.
func (q *queue) open(plugin string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(plugin)
	q.changed.Broadcast()
}

func (q *queue) release(plugin string) {
	q.ready = append(q.ready, q.waiting[plugin]...)
	delete(q.waiting, plugin)
}

func (q *queue) now() time.Time {
	if q.runner.Now == nil {
		return time.Time{}
	}
	return q.runner.Now()
}
