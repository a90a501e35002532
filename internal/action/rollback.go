// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
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

	undoing bool
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

// Undo deletes the object under a key, if it was created and is not forgotten. The error says that it still exists, or may.
// Explain names the object until the answer is there.
func (r *Rollback[K]) Undo(ctx context.Context, key K) (undone bool, err error) {
	one := r.takeUndo(key)
	if one == nil {
		return false, nil
	}
	err = one.undo(context.WithoutCancel(ctx))
	r.Forget(key)
	if err != nil {
		return false, one.object.remains(isOpen(err), err)
	}
	return true, nil
}

// takeUndo returns the object under a key if it was created, is not forgotten, and nobody else undoes it; else nil.
func (r *Rollback[K]) takeUndo(key K) *created {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.objects[key]
	if one == nil || one.undo == nil || one.undoing {
		return nil
	}
	one.undoing = true
	return one
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
	if object.Name == "" || !isOpen(err) {
		return err
	}
	return &failure.Error{
		Reason: failure.Unknown,
		Err:    fmt.Errorf("%s may exist: %w", object.Name, err),
		Hint:   "if it exists, remove it with: " + object.Remove,
	}
}
