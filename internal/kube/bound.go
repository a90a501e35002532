// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// Bounds on the bodies of answers, in bytes, unpacked. etcd stores no object above 1.5 MiB (etcd.io/docs, limits).
const (
	maxAnonymousAnswer = 4 << 20   // to a request without a credential: one object at most
	maxAnswer          = 32 << 20  // one object, or a page of a list
	maxList            = 256 << 20 // all pages of a list
)

// mebibyte is the unit in which messages give a bound.
const mebibyte = 1 << 20

// boundAnswers returns a transport that bounds the bodies of answers. It is above net/http's transport, which unpacks them.
func boundAnswers(config *rest.Config, next http.RoundTripper) http.RoundTripper {
	most := int64(maxAnswer)
	if isAnonymous(config) {
		most = maxAnonymousAnswer
	}
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil {
			return resp, err
		}
		resp.Body = &boundedBody{ReadCloser: resp.Body, host: req.URL.Host, most: most, left: most, list: listSizeOf(req.Context())}
		return resp, nil
	}}
}

func isAnonymous(config *rest.Config) bool {
	return config.BearerToken == "" && config.BearerTokenFile == "" && config.Username == "" && config.ExecProvider == nil &&
		config.AuthProvider == nil && len(config.CertData) == 0 && config.CertFile == ""
}

// A boundedBody is a body whose Read fails beyond a bound.
type boundedBody struct {
	io.ReadCloser
	host       string
	most, left int64
	list       *atomic.Int64 // what the pages of the list have together; nil: it is no page
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, tooLarge("the answer of %s is larger than %d MiB", b.host, b.most/mebibyte)
	}
	if b.list != nil && b.list.Add(int64(n)) > maxList {
		return n, tooLarge("the list of %s is larger than %d MiB", b.host, maxList/mebibyte)
	}
	return n, err
}

func tooLarge(format string, args ...any) error {
	return &failure.Error{
		Reason: failure.Unsupported,
		Err:    failure.UnexpectedAnswer{Err: fmt.Errorf(format, args...)},
		Hint:   "joinctl reads no more, since no API server of this size is known: is it one that answers at this address?",
	}
}

// readError returns the error of a body beyond its bound without the text that client-go puts before it.
func readError(err error) error {
	known, ok := errors.AsType[*failure.Error](err)
	if _, onWire := errors.AsType[*url.Error](err); !ok || onWire {
		return err
	}
	return known
}

// A listSizeKey is the key of a context's value for boundedBody.
type listSizeKey struct{}

// withListSize returns a context whose requests are for the pages of one list.
func withListSize(ctx context.Context) context.Context {
	return context.WithValue(ctx, listSizeKey{}, &atomic.Int64{})
}

func listSizeOf(ctx context.Context) *atomic.Int64 {
	size, _ := ctx.Value(listSizeKey{}).(*atomic.Int64)
	return size
}
