// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// Secrets reads and writes the Secrets of one namespace. Its methods have the signatures and errors of client-go's typed
// clients. client-go's generic client (k8s.io/client-go/gentype) also contains a fake, which links 5 MB of OpenAPI.
type Secrets struct {
	client    *Client
	namespace string
}

// Secrets returns a client for the Secrets of a namespace.
func (c *Client) Secrets(namespace string) Secrets { return Secrets{c, namespace} }

// Create creates a Secret and returns it as stored. Like every request, it is sent again only after a 429, which proves that
// it was not carried out: after a success, a second one would look like a conflict.
func (s Secrets) Create(ctx context.Context, secret *corev1.Secret, opts metav1.CreateOptions) (*corev1.Secret, error) {
	out := s.named(secret.Name)
	out.Type = secret.Type
	err := do(ctx, s.request(s.client.restClient.Post(), &opts).Body(secret), out)
	return out, err
}

// Get reads one Secret.
func (s Secrets) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error) {
	out := s.named(name)
	err := do(ctx, s.request(s.client.restClient.Get(), &opts).Name(name), out)
	return out, err
}

// List reads the Secrets that opts select, or one page of them.
func (s Secrets) List(ctx context.Context, opts metav1.ListOptions) (*corev1.SecretList, error) {
	out := &corev1.SecretList{}
	err := do(ctx, s.request(s.client.restClient.Get(), &opts), out)
	if err == nil {
		err = verifyItems(out, s.namespace, opts.LabelSelector)
	}
	return out, err
}

// All reads all Secrets that opts select, page by page.
func (s Secrets) All(ctx context.Context, opts metav1.ListOptions) ([]corev1.Secret, error) {
	ctx = withListSize(ctx)
	return listPages(opts, func(opts metav1.ListOptions) ([]corev1.Secret, string, error) {
		page, err := s.List(ctx, opts)
		return page.Items, page.Continue, err
	})
}

// Metadata reads the metadata of all Secrets that opts select, page by page. No content is sent.
func (s Secrets) Metadata(ctx context.Context, opts metav1.ListOptions) ([]metav1.PartialObjectMetadata, error) {
	return listMetadata(ctx, opts, "SecretList", s.namespace, func(opts *metav1.ListOptions) *rest.Request {
		return s.request(s.client.restClient.Get(), opts)
	})
}

// Update updates a Secret that was read before, and returns it as stored.
func (s Secrets) Update(ctx context.Context, secret *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error) {
	out := s.named(secret.Name)
	out.UID, out.Type = secret.UID, secret.Type
	err := do(ctx, s.request(s.client.restClient.Put(), &opts).Name(secret.Name).Body(secret), out)
	return out, err
}

// Delete deletes one Secret.
func (s Secrets) Delete(ctx context.Context, name string, opts metav1.DeleteOptions) error {
	want := s.named(name)
	if opts.Preconditions != nil && opts.Preconditions.UID != nil {
		want.UID = *opts.Preconditions.UID
	}
	return doDelete(ctx, s.request(s.client.restClient.Delete(), nil).Name(name).Body(&opts), want)
}

// DeleteAndConfirm deletes one Secret. It sends no request if ctx is cancelled, and lets a request in flight finish. If
// the answer is lost, it reads the Secret: a missing Secret, or one with another UID than the precondition in opts, means
// success. The reason is Unknown if that read fails too, and if the Secret still exists: then it may still be deleted.
func (s Secrets) DeleteAndConfirm(ctx context.Context, name string, opts metav1.DeleteOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	deleteErr := s.Delete(ctx, name, opts)
	if len(opts.DryRun) > 0 || !failure.IsLost(deleteErr) {
		return deleteErr
	}
	want := s.named(name)
	if opts.Preconditions != nil && opts.Preconditions.UID != nil {
		want.UID = *opts.Preconditions.UID
	}
	return s.client.resolveDelete(ctx, want, deleteErr, func(ctx context.Context) (Object, error) {
		return s.Get(ctx, name, metav1.GetOptions{})
	})
}

// named returns a Secret that says which one a request asks for.
func (s Secrets) named(name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
}

// request adds the path of the Secrets to a request, and options, if any, as its query.
func (s Secrets) request(request *rest.Request, opts runtime.Object) *rest.Request {
	request = request.Namespace(s.namespace).Resource("secrets")
	if opts == nil {
		return request
	}
	return request.VersionedParams(opts, s.client.parameterCodec)
}
