// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// resolve finds out whether an object that was sent is stored although its answer was lost or is a Conflict. If it is, it
// replaces sent with the stored one. The error is err, or one with the reason Unknown.
func (c Change) resolve(ctx context.Context, client *kube.Client, sent kube.Object, err error) error {
	lost := failure.IsLost(err)
	if !lost && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) {
		return err
	}
	stored := kube.Blank(sent)
	known, readErr := client.Resolve(ctx, func(ctx context.Context) (bool, error) {
		readErr := client.Read(ctx, stored)
		if apierrors.IsNotFound(readErr) {
			return !lost, nil
		}
		return !lost || sameContent(stored, sent), readErr
	})
	switch {
	case readErr == nil && sameContent(stored, sent):
		reflect.ValueOf(sent).Elem().Set(reflect.ValueOf(stored).Elem())
		return nil
	case readErr != nil:
		return failure.Unknownf("%w, and the object cannot be read to see whether this request made the change: %w", err, readErr)
	case !known:
		return failure.Unknownf("the answer was lost, and the change is not made, but may still be: %w", err)
	}
	return err
}

// sameContent reports whether an object has the content of another one.
func sameContent(one, other kube.Object) bool {
	return equality.Semantic.DeepEqual(content(one), content(other))
}

// content returns what setup writes into an object.
func content(obj kube.Object) any {
	switch obj := obj.(type) {
	case *corev1.ConfigMap:
		return obj.Data
	case *rbacv1.Role:
		return obj.Rules
	case *rbacv1.ClusterRole:
		return obj.Rules
	case *rbacv1.RoleBinding:
		return []any{obj.RoleRef, obj.Subjects}
	case *rbacv1.ClusterRoleBinding:
		return []any{obj.RoleRef, obj.Subjects}
	}
	return obj
}
