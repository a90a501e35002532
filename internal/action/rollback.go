// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/joinctl/joinctl/internal/failure"
)

// An Object is something that an action creates on a control plane, as people know it.
type Object struct {
	Noun   string // token
	Name   string // token abcdef
	Where  string // context hub
	Remove string // the command that deletes it
}

// A Rollback knows every object that an action has sent to a control plane, by a key, so that none is lost: it deletes
// what was created and cannot be used, and names what may exist. Its methods can be called from many goroutines.
type Rollback[K comparable] struct {
	mu      sync.Mutex
	order   []K // of the objects that were created
	objects map[K]*created
}

type created struct {
	object Object
	undo   func(context.Context) error // nil: the object is in flight
}

// Sending says that a request that creates an object is about to be sent. It replaces an earlier object under the key,
// which was refused.
func (r *Rollback[K]) Sending(key K, object Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.objects == nil {
		r.objects = map[K]*created{}
	}
	r.objects[key] = &created{object: object}
}

// Created says that the object under a key exists, and how to delete it. undo works under a cancelled context too.
func (r *Rollback[K]) Created(key K, undo func(context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objects[key].undo = undo
	r.order = append(r.order, key)
}

// Forget says that the object under a key is used, or was refused: it is neither undone nor named any more.
func (r *Rollback[K]) Forget(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.objects, key)
}

// Undo deletes the object under a key, if it was created and is not forgotten. The error says that it still exists.
func (r *Rollback[K]) Undo(ctx context.Context, key K) (undone bool, err error) {
	r.mu.Lock()
	one := r.objects[key]
	if one != nil && one.undo != nil {
		delete(r.objects, key)
	}
	r.mu.Unlock()
	if one == nil || one.undo == nil {
		return false, nil
	}
	if err := one.undo(context.WithoutCancel(ctx)); err != nil {
		return false, &failure.Error{
			Err:  fmt.Errorf("%s still exists in %s: %w", one.object.Name, one.object.Where, err),
			Hint: "remove it with: " + one.object.Remove,
		}
	}
	return true, nil
}

// UndoAll deletes all objects that were created and are not forgotten, the last one first. It returns those that are deleted.
func (r *Rollback[K]) UndoAll(ctx context.Context) (undone []Object, err error) {
	r.mu.Lock()
	keys := slices.Clone(r.order)
	r.mu.Unlock()
	var errs []error
	for _, key := range slices.Backward(keys) {
		object := r.object(key)
		deleted, err := r.Undo(ctx, key)
		if deleted {
			undone = append(undone, object)
		}
		errs = append(errs, err)
	}
	return undone, errors.Join(errs...)
}

func (r *Rollback[K]) object(key K) Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.objects[key]; one != nil {
		return one.object
	}
	return Object{}
}

// Explain names the object under a key in a failure that leaves open whether the object exists: the answer was lost, or
// the operation was abandoned. It returns every other error as it is.
func (r *Rollback[K]) Explain(key K, err error) error {
	object := r.object(key)
	reason := failure.ReasonOf(err)
	undecided := reason == failure.Unknown || reason == failure.Timeout && failure.IsLost(err) // a request that was not sent changed nothing
	if object.Name == "" || !undecided {
		return err
	}
	return &failure.Error{
		Reason: failure.Unknown,
		Err:    fmt.Errorf("%s may exist: %w", object.Name, err),
		Hint:   "if it exists, remove it with: " + object.Remove,
	}
}
