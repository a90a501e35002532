// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// pageSize is how many objects one list request asks for.
const pageSize = 500

// The Accept headers that ask for objects without their content.
const (
	metadataOfOne  = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1," + runtime.ContentTypeJSON
	metadataOfList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," + runtime.ContentTypeJSON
)

// do sends a request and decodes the answer into an object, which keeps its TypeMeta and says what was asked for: the answer
// has to match it, as in decode. nil discards the answer. All requests for types that the client's scheme knows go through
// do. The error is that of send.
func do(ctx context.Context, request *rest.Request, into runtime.Object) error {
	return send(ctx, request, func(result rest.Result) error {
		if into == nil {
			return result.Error()
		}
		return decode(result, into)
	})
}

// doJSON is do for types that the client's scheme does not know. The caller checks the kind by verifyKind.
func doJSON(ctx context.Context, request *rest.Request, into any) error {
	return send(ctx, request, func(result rest.Result) error {
		body, err := result.Raw()
		if err != nil {
			return result.Error() // unlike Raw, Error decodes the Status in the body
		}
		if err := json.Unmarshal(body, into); err != nil {
			return unexpected("the answer of %s is not JSON of the Kubernetes API", request.URL().Host)
		}
		return nil
	})
}

// send sends a request and decodes its result. The error is the API's own, as failure.NotSent if the request failed
// before it had a connection, Unsupported if no API server answered, and says what happened on the wire. It retries while
// the server names a short time to wait; it does not retry a connection that was closed, since client-go would hide the
// cause for ten seconds.
func send(ctx context.Context, request *rest.Request, decode func(rest.Result) error) error {
	const most, longest = 10, 2 // retries, and seconds to wait
	request.MaxRetries(0)
	for attempt := 0; ; attempt++ {
		err := sendOnce(ctx, request, decode)
		seconds, _ := apierrors.SuggestsClientDelay(err)
		if !apierrors.IsTooManyRequests(err) || seconds <= 0 || seconds > longest || attempt == most {
			return failure.Describe(err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(seconds) * time.Second):
		}
	}
}

func sendOnce(ctx context.Context, request *rest.Request, decode func(rest.Result) error) error {
	var reached stages
	wait := &retryAfter{}
	err := reached.explain(wait.complete(readError(decode(request.Do(wait.note(reached.trace(ctx)))))))
	switch {
	case err != nil && !reached.connected.Load():
		return failure.NotSent{Err: err}
	case isForeign(request, err):
		return &failure.Error{
			Reason: failure.Unsupported,
			Err:    fmt.Errorf("%s answers 404, but not as a Kubernetes API server does", request.URL().Host),
			Hint:   "nothing serves the Kubernetes API at this address: is the path in the context's server address right, and is a proxy in front of it?",
		}
	}
	return unreadable(err)
}

// isForeign reports whether a 404 comes from something else than a Kubernetes API server. Such an answer does not prove
// that an object is missing: every API server serves the core group and its version, and answers with a Status.
func isForeign(request *rest.Request, err error) bool {
	path := request.URL().Path
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) &&
		(strings.Contains(path, "/api/v1/") || strings.HasSuffix(path, "/version"))
}

// listPages reads a list page by page. If a page has expired (410 Gone), it reads the whole list again in one request. The
// reason is Unsupported if the server names a page that it has sent already.
func listPages[T any](opts metav1.ListOptions, read func(metav1.ListOptions) (page []T, next string, err error)) ([]T, error) {
	opts.Limit = pageSize
	var items []T
	pages := map[string]bool{}
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
		if pages[next] {
			return nil, tooLarge("the server sends the pages of the list again and again (the continue token repeats)")
		}
		pages[next] = true
	}
}
