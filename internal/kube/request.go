// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// pageSize is how many objects one list request asks for.
const pageSize = 500

// do sends a request and decodes the answer into an object, which keeps its TypeMeta. nil discards the answer. All
// requests for types that the client's scheme knows go through do. The error is that of send.
func do(ctx context.Context, request *rest.Request, into runtime.Object) error {
	return send(ctx, request, func(result rest.Result) error {
		if into == nil {
			return result.Error()
		}
		kind := into.GetObjectKind().GroupVersionKind()
		defer into.GetObjectKind().SetGroupVersionKind(kind) // the decoder clears it
		return result.Into(into)
	})
}

// doJSON is do for types that the client's scheme does not know.
func doJSON(ctx context.Context, request *rest.Request, into any) error {
	return send(ctx, request, func(result rest.Result) error {
		body, err := result.Raw()
		if err != nil {
			return result.Error() // unlike Raw, Error decodes the Status in the body
		}
		if err := json.Unmarshal(body, into); err != nil {
			return fmt.Errorf("read the answer of %s: %w", request.URL().Host, err)
		}
		return nil
	})
}

// send sends a request and decodes its result. The error is the API's own, as failure.NotSent if the request failed
// before it had a connection.
func send(ctx context.Context, request *rest.Request, decode func(rest.Result) error) error {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	err := decode(request.Do(httptrace.WithClientTrace(ctx, trace)))
	if err != nil && !connected.Load() {
		return failure.NotSent{Err: err}
	}
	return err
}

// listPages reads a list page by page. If a page has expired (410 Gone), it reads the whole list again in one request.
func listPages[T any](opts metav1.ListOptions, read func(metav1.ListOptions) (page []T, next string, err error)) ([]T, error) {
	opts.Limit = pageSize
	var items []T
	for {
		page, next, err := read(opts)
		if apierrors.IsResourceExpired(err) && opts.Continue != "" {
			items, opts.Continue, opts.Limit = nil, "", 0
			continue
		}
		if err != nil {
			return nil, err
		}
		items = append(items, page...)
		if opts.Continue = next; next == "" {
			return items, nil
		}
	}
}
