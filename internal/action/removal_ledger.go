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

// deletions are the objects on one target.
type deletions[T any] struct {
	found[T]
	answered []bool // by object: its deletion was answered
	sent     []bool // by object: its deletion was sent
}

// begin says which objects on a target are about to be deleted.
func (l *ledger[T]) begin(target fleet.Target, here found[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.targets == nil {
		l.targets = map[fleet.Target]*deletions[T]{}
	}
	here.objects = append([]Planned[T]{}, here.objects...) // the caller writes to its own
	l.targets[target] = &deletions[T]{found: here, answered: make([]bool, len(here.objects)), sent: make([]bool, len(here.objects))}
}

// sending says that the deletion of an object on a target is sent.
func (l *ledger[T]) sending(target fleet.Target, object int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets[target].sent[object] = true
}

// answer says how the deletion of an object on a target ended.
func (l *ledger[T]) answer(target fleet.Target, object int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.targets[target]
	d.objects[object].err, d.answered[object] = err, true
}

// outcome returns what became of an object on a target. The cause says why its deletion has no answer.
func (r *Removal[T]) outcome(target fleet.Target, object int, cause error) error {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	return r.outcomeIn(r.ledger.targets[target], object, cause)
}

func (r *Removal[T]) outcomeIn(d *deletions[T], object int, cause error) error {
	if d.answered[object] {
		return d.objects[object].err
	}
	name := r.Describe(session.Ref{Name: r.Name(d.objects[object].Object)})
	if d.sent[object] {
		return &failure.Error{
			Reason: failure.Unknown,
			Err:    fmt.Errorf("%s may be deleted, or may still exist: %w", name, cause),
			Hint:   "run the same command again: it deletes what is left",
		}
	}
	reason := failure.Interrupted
	if failure.ReasonOf(cause) == failure.Timeout {
		reason = failure.Timeout
	}
	return &failure.Error{Reason: reason, Err: fmt.Errorf("%s was not deleted: %w", name, cause)}
}

// abandoned returns the objects on a target that was abandoned, each with what became of it. It returns false if no deletion on
// the target was about to be sent.
func (r *Removal[T]) abandoned(target fleet.Target, cause error) (found[T], bool) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	d := r.ledger.targets[target]
	if d == nil {
		return found[T]{}, false
	}
	here := d.found
	here.objects = append([]Planned[T]{}, d.objects...)
	for i := range here.objects {
		here.objects[i].err = r.outcomeIn(d, i, cause)
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
