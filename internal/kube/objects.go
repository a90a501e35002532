// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"reflect"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// An Object is a ConfigMap, Role, RoleBinding, ClusterRole, ClusterRoleBinding or CertificateSigningRequest with a TypeMeta.
type Object interface {
	metav1.Object
	runtime.Object
}

// Kind returns the kind in an object's TypeMeta.
func Kind(obj Object) string { return obj.GetObjectKind().GroupVersionKind().Kind }

// AccessTo returns the access that a verb on an object needs.
func AccessTo(verb string, obj Object) Access {
	_, group, resource := endpoint(obj)
	access := Access{Verb: verb, Group: group, Resource: resource, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if verb == "create" {
		access.Name = "" // the authorizer does not see the name of a new object
	}
	return access
}

// endpoint returns the path prefix, the API group and the resource of an object's kind.
func endpoint(obj Object) (prefix, group, resource string) {
	const rbac = "/apis/" + rbacv1.GroupName + "/v1"
	switch obj.(type) {
	case *corev1.ConfigMap:
		return "/api/v1", "", "configmaps"
	case *certificatesv1.CertificateSigningRequest:
		return certificatesPath, certificatesv1.GroupName, "certificatesigningrequests"
	case *rbacv1.Role:
		return rbac, rbacv1.GroupName, "roles"
	case *rbacv1.RoleBinding:
		return rbac, rbacv1.GroupName, "rolebindings"
	case *rbacv1.ClusterRole:
		return rbac, rbacv1.GroupName, "clusterroles"
	case *rbacv1.ClusterRoleBinding:
		return rbac, rbacv1.GroupName, "clusterrolebindings"
	}
	panic(fmt.Sprintf("unsupported object type: %T", obj))
}

// Read reads the object with the name and namespace of obj into obj. The error is the API's own.
func (c *Client) Read(ctx context.Context, obj Object) error {
	return do(ctx, request(c.restClient.Get(), obj).Name(obj.GetName()), obj)
}

// Create creates an object and replaces it with the stored one. With dryRun the server validates and admits the object
// without storing it, and obj does not change. The error is the API's own.
func (c *Client) Create(ctx context.Context, obj Object, dryRun bool) error {
	opts := metav1.CreateOptions{DryRun: DryRunOption(dryRun)}
	return write(ctx, request(c.restClient.Post(), obj).VersionedParams(&opts, c.parameterCodec), obj, dryRun)
}

// Update updates an object that was read before. The server answers Conflict if the object changed since. dryRun and
// the error are those of Create.
func (c *Client) Update(ctx context.Context, obj Object, dryRun bool) error {
	opts := metav1.UpdateOptions{DryRun: DryRunOption(dryRun)}
	return write(ctx, request(c.restClient.Put(), obj).Name(obj.GetName()).VersionedParams(&opts, c.parameterCodec), obj, dryRun)
}

func write(ctx context.Context, request *rest.Request, obj Object, dryRun bool) error {
	into := obj
	if dryRun {
		into = obj.DeepCopyObject().(Object)
	}
	return do(ctx, request.Body(obj), into)
}

// Remove deletes an object, with its UID as precondition. It resolves a lost answer as DeleteAndConfirm does. Every other error
// is the API's own.
func (c *Client) Remove(ctx context.Context, obj Object) error {
	uid := obj.GetUID()
	opts := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}
	err := doDelete(ctx, request(c.restClient.Delete(), obj).Name(obj.GetName()).Body(&opts), obj)
	if !failure.IsLost(err) {
		return err
	}
	return c.resolveDelete(ctx, obj, err, func(ctx context.Context) (Object, error) {
		found := Blank(obj)
		return found, c.Read(ctx, found)
	})
}

// Blank returns an object of the same kind, namespace and name, with nothing else, to read into.
func Blank(obj Object) Object {
	blank := reflect.New(reflect.TypeOf(obj).Elem()).Interface().(Object)
	blank.GetObjectKind().SetGroupVersionKind(obj.GetObjectKind().GroupVersionKind())
	blank.SetNamespace(obj.GetNamespace())
	blank.SetName(obj.GetName())
	return blank
}

// ConfigMap reads one ConfigMap. The error is the API's own.
func (c *Client) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	out := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	err := do(ctx, c.restClient.Get().Namespace(namespace).Resource("configmaps").Name(name), out)
	return out, err
}

// RoleBindings reads the RoleBindings of all namespaces, page by page. The error is the API's own.
func (c *Client) RoleBindings(ctx context.Context) ([]rbacv1.RoleBinding, error) {
	ctx = withListSize(ctx)
	return listPages(metav1.ListOptions{}, func(opts metav1.ListOptions) ([]rbacv1.RoleBinding, string, error) {
		out := &rbacv1.RoleBindingList{}
		err := do(ctx, request(c.restClient.Get(), &rbacv1.RoleBinding{}).VersionedParams(&opts, c.parameterCodec), out)
		if err == nil {
			err = verifyItems(out, "", "")
		}
		return out.Items, out.Continue, err
	})
}

// ClusterRoleBindings reads all ClusterRoleBindings, page by page. The error is the API's own.
func (c *Client) ClusterRoleBindings(ctx context.Context) ([]rbacv1.ClusterRoleBinding, error) {
	ctx = withListSize(ctx)
	return listPages(metav1.ListOptions{}, func(opts metav1.ListOptions) ([]rbacv1.ClusterRoleBinding, string, error) {
		out := &rbacv1.ClusterRoleBindingList{}
		err := do(ctx, request(c.restClient.Get(), &rbacv1.ClusterRoleBinding{}).VersionedParams(&opts, c.parameterCodec), out)
		if err == nil {
			err = verifyItems(out, "", "")
		}
		return out.Items, out.Continue, err
	})
}

// request adds the path of an object's kind and namespace to a request.
func request(request *rest.Request, obj Object) *rest.Request {
	prefix, _, resource := endpoint(obj)
	return request.AbsPath(prefix).NamespaceIfScoped(obj.GetNamespace(), obj.GetNamespace() != "").Resource(resource)
}

// DryRunOption returns the option DryRun of a write: metav1.DryRunAll, or nil for a write that is no dry run.
func DryRunOption(dryRun bool) []string {
	if !dryRun {
		return nil
	}
	return []string{metav1.DryRunAll}
}
