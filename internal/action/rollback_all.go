// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// rollbackTimeout bounds the roll-back of a whole run, however many objects it deletes. Deletions in flight get the time to
// finish that a write gets.
const rollbackTimeout = 60 * time.Second

// UndoAll deletes all objects that were created and are not forgotten, the last one first, as many at once as the session
// visits targets. It returns those that are deleted. The error names each of the others. A second interrupt ends it.
func (r *Rollback[K]) UndoAll(ctx context.Context, s *session.Session) (undone []Object, err error) {
	r.mu.Lock()
	keys := slices.Clone(r.order)
	r.mu.Unlock()
	slices.Reverse(keys)
	var errs []error
	for _, result := range r.undoEach(ctx, s, keys) {
		if result.Value.undone {
			undone = append(undone, result.Value.object)
		}
		errs = append(errs, result.Err)
	}
	return undone, errors.Join(errs...)
}

// undoing is what became of the roll-back of one object.
type undoing struct {
	object Object
	undone bool
}

// undoEach deletes the objects under some keys, as UndoAll does, and returns the results in the order of the keys.
func (r *Rollback[K]) undoEach(ctx context.Context, s *session.Session, keys []K) []fleet.Result[K, undoing] {
	objects := make([]Object, len(keys))
	for i, key := range keys {
		objects[i] = r.created(key)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	runner := session.Runner[K](s, len(keys), 0)
	runner.MaxFailures = 0 // all are tried
	results := fleet.Each(ctx, runner, keys, func(_ context.Context, key K, ready fleet.Ready) (*undoing, error) {
		ctx, err := ready()
		if err != nil {
			return nil, err
		}
		undone, err := r.Undo(ctx, key)
		return &undoing{undone: undone}, err
	})
	out := make([]fleet.Result[K, undoing], len(keys))
	for i, result := range results {
		out[i] = fleet.Result[K, undoing]{Key: result.Key, Value: undoing{object: objects[i]}, Err: result.Err}
		switch {
		case result.Value != nil:
			out[i].Value.undone = result.Value.undone
		case objects[i].Name == "":
			out[i].Err = nil // it was not created, or is forgotten
		default:
			out[i].Err = objects[i].remains(r.isUndoing(result.Key), result.Err)
			r.Forget(result.Key) // it is named
		}
	}
	return out
}

// created returns the object under a key if it was created and is not forgotten, else the zero Object.
func (r *Rollback[K]) created(key K) Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.objects[key]; one != nil && one.undo != nil {
		return one.object
	}
	return Object{}
}

// isUndoing reports whether a request that deletes the object under a key is in flight.
func (r *Rollback[K]) isUndoing(key K) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.objects[key]
	return one != nil && one.undoing
}

// isOpen reports whether an error leaves open what a request did.
func isOpen(err error) bool {
	reason := failure.ReasonOf(err)
	return reason == failure.Unknown || reason == failure.Timeout && failure.IsLost(err) // a request that was not sent changed nothing
}

// remains returns the error for an object that was not rolled back: it still exists, or may.
func (o Object) remains(open bool, err error) error {
	still := "still exists"
	if open {
		still = "may still exist"
	}
	return &failure.Error{Err: fmt.Errorf("%s %s in %s: %w", o.Name, still, o.Where, err), Hint: "remove it with: " + o.Remove}
}
