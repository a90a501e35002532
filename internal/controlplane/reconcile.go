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

// Describe returns the kind of an object in lower case and its name, with the namespace if it has one.
func Describe(obj kube.Object) string {
	name := strings.ToLower(kube.Kind(obj)) + " "
	if obj.GetNamespace() != "" {
		name += obj.GetNamespace() + "/"
	}
	return name + obj.GetName()
}

// reconcile adds the missing rules or subjects of the wanted object to an existing one, and keeps the rest. It returns nil if
// nothing is missing. A binding to another role is a Conflict: the server never changes the role of a binding.
func reconcile(found, want kube.Object) (kube.Object, error) {
	after := found.DeepCopyObject().(kube.Object)
	missing := false
	switch want := want.(type) {
	case *rbacv1.Role:
		after := after.(*rbacv1.Role)
		after.Rules, missing = union(after.Rules, want.Rules)
	case *rbacv1.ClusterRole:
		after := after.(*rbacv1.ClusterRole)
		after.Rules, missing = union(after.Rules, want.Rules)
	case *rbacv1.RoleBinding:
		after := after.(*rbacv1.RoleBinding)
		after.Subjects, missing = union(after.Subjects, want.Subjects)
		if after.RoleRef != want.RoleRef {
			return nil, otherRole(found, after.RoleRef, want.RoleRef)
		}
	case *rbacv1.ClusterRoleBinding:
		after := after.(*rbacv1.ClusterRoleBinding)
		after.Subjects, missing = union(after.Subjects, want.Subjects)
		if after.RoleRef != want.RoleRef {
			return nil, otherRole(found, after.RoleRef, want.RoleRef)
		}
	}
	if !missing {
		return nil, nil
	}
	return after, nil
}

// union adds the missing items of others to some, and reports whether any was missing.
func union[T any](some, others []T) (all []T, more bool) {
	all = slices.Clone(some)
	for _, other := range others {
		if !slices.ContainsFunc(some, func(one T) bool { return equality.Semantic.DeepEqual(one, other) }) {
			all, more = append(all, other), true
		}
	}
	return all, more
}

func otherRole(binding kube.Object, is, want rbacv1.RoleRef) error {
	return &failure.Error{
		Reason: failure.Conflict,
		Err:    fmt.Errorf("%s exists and is bound to %s %s, not to %s", Describe(binding), strings.ToLower(is.Kind), is.Name, want.Name),
		Hint:   "the role of a binding cannot be changed: delete the binding, or add the rights that joiners lack to its role",
	}
}
