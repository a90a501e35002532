// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// unexpected returns a failure.UnexpectedAnswer. It wraps no other error: a decoder's io.ErrUnexpectedEOF is none of the
// connection.
func unexpected(format string, args ...any) error {
	return failure.UnexpectedAnswer{Err: fmt.Errorf(format, args...)}
}

// unreadable returns the error of a request that had a connection as a failure.UnexpectedAnswer, unless the API or the
// transport returned it: the body cannot be read.
func unreadable(err error) error {
	var (
		status apierrors.APIStatus
		urlErr *url.Error
	)
	if err == nil || errors.As(err, &status) || errors.As(err, &urlErr) {
		return err
	}
	return failure.UnexpectedAnswer{Err: err}
}

// decode decodes an answer into an object that says what was asked for. The answer has to have the kind and API version of
// into, and its name, namespace, UID and type as far as into has them; else the error is a failure.UnexpectedAnswer, and into
// does not change. rest.Result.Into returns no error for an answer of another kind.
func decode(result rest.Result, into runtime.Object) error {
	answer, err := read(result, into)
	if err != nil {
		return err
	}
	if err := verify(answer, into); err != nil {
		return err
	}
	kind := into.GetObjectKind().GroupVersionKind()
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(answer).Elem())
	into.GetObjectKind().SetGroupVersionKind(kind) // the decoder clears it
	return nil
}

// doDelete sends a DELETE. It succeeds if the answer is a Status that says so, or the object that was to be deleted; any other
// answer is a failure.UnexpectedAnswer. The error is that of send.
func doDelete(ctx context.Context, request *rest.Request, want Object) error {
	return send(ctx, request, func(result rest.Result) error {
		answer, err := read(result, want)
		if err != nil {
			return err
		}
		status, ok := answer.(*metav1.Status)
		if !ok {
			return verify(answer, want)
		}
		details := status.Details
		switch {
		case details == nil:
			return nil
		case details.Name != "" && details.Name != want.GetName():
			return unexpected("the answer is about %q, and not about %q", details.Name, want.GetName())
		case details.UID != "" && want.GetUID() != "" && details.UID != want.GetUID():
			return unexpected("the answer is about %s with UID %s, and not with %s", want.GetName(), details.UID, want.GetUID())
		}
		return nil
	})
}

// read returns the object in an answer. Its kind may be another one than that of want.
func read(result rest.Result, want runtime.Object) (runtime.Object, error) {
	if err := result.Error(); err != nil {
		return nil, err
	}
	var code int
	result.StatusCode(&code)
	if body, _ := result.Raw(); len(body) == 0 {
		return nil, unexpected("the answer (HTTP %d) is empty, and not a %s", code, kindOf(want))
	}
	answer, err := result.Get()
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return nil, unexpected("the answer (HTTP %d) is the Status %q, and not a %s", code, status.Status().Message, kindOf(want))
	}
	if err != nil {
		return nil, unexpected("the answer (HTTP %d) is not a %s: %s", code, kindOf(want), decodeError(err))
	}
	return answer, nil
}

// decodeError says why a body cannot be decoded. It does not show the body, which the errors of some decoders do: the body
// may hold a credential.
func decodeError(err error) string {
	switch text := err.Error(); {
	case strings.HasPrefix(text, "serializer for "):
		return text // names the Content-Type only; package failure recognizes it
	case runtime.IsMissingKind(err), runtime.IsMissingVersion(err):
		return "it has no kind"
	case runtime.IsNotRegisteredError(err):
		return "it is of another kind"
	}
	return "it is malformed"
}

// kindOf returns the kind of an object of a type that the scheme knows.
func kindOf(obj runtime.Object) string { return reflect.TypeOf(obj).Elem().Name() }

// verify compares an answer with the object that was asked for.
func verify(answer, want runtime.Object) error {
	if reflect.TypeOf(answer) != reflect.TypeOf(want) {
		return unexpected("the answer is a %s, and not a %s", kindOf(answer), kindOf(want))
	}
	got, ok := answer.(metav1.Object)
	asked, named := want.(metav1.Object)
	if !ok || !named || asked.GetName() == "" {
		return nil
	}
	if _, ok := answer.(*authenticationv1.TokenRequest); ok && got.GetName() == "" && got.GetNamespace() == "" {
		return nil // kube-apiserver before 1.21 sends it without
	}
	if isSecret(answer) && got.GetUID() == "" {
		return unexpected("the answer is a Secret without a UID")
	}
	switch uid := asked.GetUID(); {
	case got.GetName() != asked.GetName() || got.GetNamespace() != asked.GetNamespace():
		return unexpected("the answer is the %s %q, and not %q", kindOf(answer), qualified(got), qualified(asked))
	case uid != "" && uid != got.GetUID():
		return unexpected("the answer is the %s %q with UID %s, and not with %s", kindOf(answer), qualified(got), got.GetUID(), uid)
	}
	return verifyType(answer, want)
}

func isSecret(obj runtime.Object) bool {
	_, ok := obj.(*corev1.Secret)
	return ok
}

// verifyType compares the types of Secrets, if one was asked for.
func verifyType(answer, want runtime.Object) error {
	got, ok := answer.(*corev1.Secret)
	if asked, _ := want.(*corev1.Secret); ok && asked.Type != "" && asked.Type != got.Type {
		return unexpected("the answer is a Secret of type %q, and not of type %q", got.Type, asked.Type)
	}
	return nil
}

func qualified(obj metav1.Object) string {
	if obj.GetNamespace() == "" {
		return obj.GetName()
	}
	return obj.GetNamespace() + "/" + obj.GetName()
}

// verifyItems checks the items of a list: each has a name, a Secret has a UID too, and each is in the namespace that was
// asked for ("": any) and matches the label selector.
func verifyItems(list runtime.Object, namespace, selector string) error {
	selects, err := labels.Parse(selector)
	if err != nil {
		return fmt.Errorf("parse the label selector %q: %w", selector, err)
	}
	return meta.EachListItem(list, func(item runtime.Object) error {
		got, err := meta.Accessor(item)
		switch {
		case err != nil:
			return unexpected("the list has an item without metadata: %v", err)
		case got.GetName() == "" || isSecret(item) && got.GetUID() == "":
			return unexpected("the list has an item without a name or a UID")
		case namespace != "" && got.GetNamespace() != namespace:
			return unexpected("the list has %q, and the namespace asked for is %q", qualified(got), namespace)
		case !selects.Matches(labels.Set(got.GetLabels())):
			return unexpected("the list has %q, which the label selector %q does not match", qualified(got), selector)
		}
		return nil
	})
}

// verifyKind checks the kind in an answer that doJSON decoded.
func verifyKind(got metav1.TypeMeta, kinds ...string) error {
	if slices.Contains(kinds, got.Kind) {
		return nil
	}
	return unexpected("the answer is of kind %q, and not %s", got.Kind, kinds[0])
}
