// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// An Object is what a Server stores.
type Object interface {
	metav1.Object
	runtime.Object
}

// A key names an object.
type key struct {
	schema.GroupResource
	namespace, name string
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.namespace, other.namespace), cmp.Compare(k.name, other.name))
}

// Put stores objects, in place of others of the same name. One without a UID gets a new one, which no other server gives.
func (s *Server) Put(objects ...Object) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, obj := range objects {
		obj = clone(obj)
		s.stamp(obj)
		s.store(s.keyOf(obj), obj)
	}
}

// Remove deletes objects by their names.
func (s *Server) Remove(objects ...Object) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, obj := range objects {
		s.store(s.keyOf(obj), nil)
	}
}

// Secrets returns the Secrets of a namespace, sorted by name.
func (s *Server) Secrets(namespace string) []corev1.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secrets(namespace)
}

// secrets needs the lock.
func (s *Server) secrets(namespace string) (secrets []corev1.Secret) {
	for _, k := range slices.SortedFunc(maps.Keys(s.objects), key.compare) {
		if secret, ok := s.objects[k].(*corev1.Secret); ok && k.namespace == namespace {
			secrets = append(secrets, *secret.DeepCopy())
		}
	}
	return secrets
}

func (s *Server) keyOf(obj Object) key {
	s.t.Helper()
	kinds, _, err := s.scheme.ObjectKinds(obj)
	if err != nil {
		s.t.Fatal(err)
	}
	return key{resourceOf(kinds[0]), obj.GetNamespace(), obj.GetName()}
}

func clone(obj Object) Object { return obj.DeepCopyObject().(Object) }

// stamp fills in what the server adds to a new object. It needs the lock.
func (s *Server) stamp(obj Object) {
	if obj.GetName() == "" {
		obj.SetName(fmt.Sprintf("%s%05d", obj.GetGenerateName(), s.serial))
	}
	if obj.GetUID() == "" {
		obj.SetUID(types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012d", crc32.ChecksumIEEE(s.CA), s.serial+1)))
	}
	if created := obj.GetCreationTimestamp(); created.IsZero() {
		obj.SetCreationTimestamp(metav1.NewTime(s.now().Truncate(time.Second)))
	}
}

// store stores an object, or deletes one where it is nil. It needs the lock.
func (s *Server) store(k key, obj Object) {
	s.serial++
	if obj == nil {
		delete(s.objects, k)
	} else {
		obj.SetResourceVersion(strconv.Itoa(s.serial))
		s.objects[k] = obj
	}
	if s.signs {
		s.signAll()
	}
}

func (s *Server) create(k key, obj Object, dryRun bool) (Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	obj.SetUID("")
	obj.SetNamespace(k.namespace)
	s.stamp(obj)
	s.issue(obj)
	k.name = obj.GetName()
	if s.objects[k] != nil {
		return nil, apierrors.NewAlreadyExists(k.GroupResource, k.name)
	}
	if !dryRun {
		s.store(k, obj)
	}
	return clone(obj), nil
}

func (s *Server) get(k key) (Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if obj := s.objects[k]; obj != nil {
		return clone(obj), nil
	}
	return nil, apierrors.NewNotFound(k.GroupResource, k.name)
}

func (s *Server) update(k key, obj Object, dryRun bool) (Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.objects[k]
	uid, version := obj.GetUID(), obj.GetResourceVersion()
	if err := verify(k, stored, &metav1.Preconditions{UID: &uid, ResourceVersion: &version}); err != nil {
		return nil, err
	}
	obj.SetUID(stored.GetUID())
	obj.SetCreationTimestamp(stored.GetCreationTimestamp())
	if !dryRun {
		s.store(k, obj)
	}
	return clone(obj), nil
}

func (s *Server) remove(k key, want *metav1.Preconditions, dryRun bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := verify(k, s.objects[k], want)
	if err == nil && !dryRun {
		s.store(k, nil)
	}
	return err
}

// verify compares a stored object with the one that was meant; nil and "" stand for any.
func verify(k key, stored Object, want *metav1.Preconditions) error {
	switch {
	case stored == nil:
		return apierrors.NewNotFound(k.GroupResource, k.name)
	case want == nil:
		return nil
	case want.UID != nil && *want.UID != "" && *want.UID != stored.GetUID():
		return apierrors.NewConflict(k.GroupResource, k.name, fmt.Errorf("the UID is %s, not %s", stored.GetUID(), *want.UID))
	case want.ResourceVersion != nil && *want.ResourceVersion != "" && *want.ResourceVersion != stored.GetResourceVersion():
		return apierrors.NewConflict(k.GroupResource, k.name, errors.New("the object has been modified"))
	}
	return nil
}
