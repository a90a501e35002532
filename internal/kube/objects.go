// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// An Object is a ConfigMap, Role, RoleBinding, ClusterRole or ClusterRoleBinding, with its TypeMeta filled in.
type Object interface {
	metav1.Object
	runtime.Object
}

// Kind returns an object's kind, as its TypeMeta has it.
func Kind(obj Object) string { return obj.GetObjectKind().GroupVersionKind().Kind }

// AccessTo returns what somebody does who uses a verb on an object.
func AccessTo(verb string, obj Object) Access {
	_, group, resource := served(obj)
	access := Access{Verb: verb, Group: group, Resource: resource, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if verb == "create" {
		access.Name = "" // the server does not know it yet when it decides
	}
	return access
}

// served tells where the API has objects of a kind.
func served(obj Object) (prefix, group, resource string) {
	const rbac = "/apis/" + rbacv1.GroupName + "/v1"
	switch obj.(type) {
	case *corev1.ConfigMap:
		return "/api/v1", "", "configmaps"
	case *rbacv1.Role:
		return rbac, rbacv1.GroupName, "roles"
	case *rbacv1.RoleBinding:
		return rbac, rbacv1.GroupName, "rolebindings"
	case *rbacv1.ClusterRole:
		return rbac, rbacv1.GroupName, "clusterroles"
	case *rbacv1.ClusterRoleBinding:
		return rbac, rbacv1.GroupName, "clusterrolebindings"
	}
	panic(fmt.Sprintf("no such kind of object: %T", obj))
}

// Read fills an object in that is known by its name. The error is the API's own.
func (c *Client) Read(ctx context.Context, obj Object) error {
	kind := obj.GetObjectKind().GroupVersionKind()
	err := to(c.core.Get(), obj).Name(obj.GetName()).Do(ctx).Into(obj)
	obj.GetObjectKind().SetGroupVersionKind(kind)
	return err
}

// Create stores an object and fills in what the server adds. dryRun has the server only check whether it would. The
// error is the API's own.
func (c *Client) Create(ctx context.Context, obj Object, dryRun bool) error {
	opts := metav1.CreateOptions{DryRun: serverDryRun(dryRun)}
	return c.store(ctx, to(c.core.Post(), obj).VersionedParams(&opts, c.codec), obj, dryRun)
}

// Update stores an object that was read and changed, unless somebody else changed it in between. dryRun and the error
// are as for Create.
func (c *Client) Update(ctx context.Context, obj Object, dryRun bool) error {
	opts := metav1.UpdateOptions{DryRun: serverDryRun(dryRun)}
	return c.store(ctx, to(c.core.Put(), obj).Name(obj.GetName()).VersionedParams(&opts, c.codec), obj, dryRun)
}

func (c *Client) store(ctx context.Context, request *rest.Request, obj Object, dryRun bool) error {
	result := request.Body(obj).Do(ctx)
	if dryRun {
		return result.Error()
	}
	kind := obj.GetObjectKind().GroupVersionKind()
	err := result.Into(obj)
	obj.GetObjectKind().SetGroupVersionKind(kind)
	return err
}

// Remove deletes the very object that was stored, and no later one of its name. The error is the API's own.
func (c *Client) Remove(ctx context.Context, obj Object) error {
	uid := obj.GetUID()
	opts := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}
	return to(c.core.Delete(), obj).Name(obj.GetName()).Body(&opts).Do(ctx).Error()
}

// RoleBindings reads all RoleBindings of all namespaces. The error is the API's own.
func (c *Client) RoleBindings(ctx context.Context) ([]rbacv1.RoleBinding, error) {
	out := &rbacv1.RoleBindingList{}
	err := to(c.core.Get(), &rbacv1.RoleBinding{}).Do(ctx).Into(out)
	return out.Items, err
}

// ClusterRoleBindings reads all ClusterRoleBindings. The error is the API's own.
func (c *Client) ClusterRoleBindings(ctx context.Context) ([]rbacv1.ClusterRoleBinding, error) {
	out := &rbacv1.ClusterRoleBindingList{}
	err := to(c.core.Get(), &rbacv1.ClusterRoleBinding{}).Do(ctx).Into(out)
	return out.Items, err
}

func to(verb *rest.Request, obj Object) *rest.Request {
	prefix, _, resource := served(obj)
	return verb.AbsPath(prefix).NamespaceIfScoped(obj.GetNamespace(), obj.GetNamespace() != "").Resource(resource)
}

func serverDryRun(on bool) []string {
	if !on {
		return nil
	}
	return []string{metav1.DryRunAll}
}
