// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// Describe returns what people call an object: its kind in lower case and its name, with the namespace if it has one.
func Describe(obj kube.Object) string {
	name := strings.ToLower(kube.Kind(obj)) + " "
	if obj.GetNamespace() != "" {
		name += obj.GetNamespace() + "/"
	}
	return name + obj.GetName()
}

// complete returns an object that exists with what it lacks of the one that is wanted, nil where it lacks nothing.
// What else it holds stays. A binding to another role is a Conflict: the server never changes what a binding is to.
func complete(found, want kube.Object) (kube.Object, error) {
	after := found.DeepCopyObject().(kube.Object)
	lacks := false
	switch want := want.(type) {
	case *rbacv1.Role:
		after := after.(*rbacv1.Role)
		after.Rules, lacks = union(after.Rules, want.Rules)
	case *rbacv1.ClusterRole:
		after := after.(*rbacv1.ClusterRole)
		after.Rules, lacks = union(after.Rules, want.Rules)
	case *rbacv1.RoleBinding:
		after := after.(*rbacv1.RoleBinding)
		after.Subjects, lacks = union(after.Subjects, want.Subjects)
		if after.RoleRef != want.RoleRef {
			return nil, bound(found, after.RoleRef, want.RoleRef)
		}
	case *rbacv1.ClusterRoleBinding:
		after := after.(*rbacv1.ClusterRoleBinding)
		after.Subjects, lacks = union(after.Subjects, want.Subjects)
		if after.RoleRef != want.RoleRef {
			return nil, bound(found, after.RoleRef, want.RoleRef)
		}
	}
	if !lacks {
		return nil, nil
	}
	return after, nil
}

// union adds to some what of others is not among them, and reports whether there was any.
func union[T any](some, others []T) (all []T, more bool) {
	all = slices.Clone(some)
	for _, other := range others {
		if !slices.ContainsFunc(some, func(one T) bool { return equality.Semantic.DeepEqual(one, other) }) {
			all, more = append(all, other), true
		}
	}
	return all, more
}

func bound(binding kube.Object, is, want rbacv1.RoleRef) error {
	return &failure.Error{
		Reason: failure.Conflict,
		Err:    fmt.Errorf("%s exists and is bound to %s %s, not to %s", Describe(binding), strings.ToLower(is.Kind), is.Name, want.Name),
		Hint:   "what a binding is to cannot be changed: delete the binding, or give its role the rights that joiners lack",
	}
}
