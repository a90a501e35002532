// SPDX-License-Identifier: Apache-2.0

package action

import (
	"fmt"
	"sync"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// A ledger knows what became of each object on a target, also if the target is abandoned while its objects are deleted. Its
// methods can be called from many goroutines.
type ledger[T any] struct {
	mu      sync.Mutex
	targets map[fleet.Target]*deletions[T]
}

// deletions are the objects on one target, which are deleted in order.
type deletions[T any] struct {
	found[T]
	answered int // objects whose deletion was answered
	sent     int // objects whose deletion was sent
}

// begin says which objects on a target are about to be deleted.
func (l *ledger[T]) begin(target fleet.Target, here found[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.targets == nil {
		l.targets = map[fleet.Target]*deletions[T]{}
	}
	here.objects = append([]Planned[T]{}, here.objects...) // the caller writes to its own
	l.targets[target] = &deletions[T]{found: here}
}

// sending says that the deletion of the next object on a target is sent.
func (l *ledger[T]) sending(target fleet.Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets[target].sent++
}

// answer says how the last deletion on a target ended.
func (l *ledger[T]) answer(target fleet.Target, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.targets[target]
	d.objects[d.answered].err = err
	d.answered++
}

// abandoned returns the objects on a target that was abandoned, each with what became of it, and how the target ended.
// It returns false if no deletion on the target was about to be sent.
func (r *Removal[T]) abandoned(target fleet.Target, cause error) (found[T], bool) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	d := r.ledger.targets[target]
	if d == nil {
		return found[T]{}, false
	}
	here := d.found
	here.objects = append([]Planned[T]{}, d.objects...)
	for i := d.answered; i < len(here.objects); i++ {
		name := r.Describe(session.Ref{Name: r.Name(here.objects[i].Object)})
		here.objects[i].err = &failure.Error{Reason: failure.Interrupted, Err: fmt.Errorf("%s was not deleted: %w", name, cause)}
		if i < d.sent {
			here.objects[i].err = &failure.Error{
				Reason: failure.Unknown,
				Err:    fmt.Errorf("%s may be deleted, or may still exist: %w", name, cause),
				Hint:   "run the same command again: it deletes what is left",
			}
		}
	}
	return here, true
}

// withAbandoned replaces the results of targets that were abandoned while their objects were deleted.
func (r *Removal[T]) withAbandoned(results []session.Result[found[T]]) []session.Result[found[T]] {
	for i, result := range results {
		if result.Err == nil {
			continue
		}
		if here, ok := r.abandoned(result.Key, result.Err); ok {
			results[i].Value, results[i].Err = here, nil
		}
	}
	return results
}
