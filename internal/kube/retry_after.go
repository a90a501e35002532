// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A retryAfter is how many seconds a 429 asks to wait. client-go reads the header in answers that are no Status, and only as a
// number; a proxy in front of the server also sends a Status without the time, or a date (RFC 9110, 10.2.3).
type retryAfter struct{ seconds int32 }

type retryAfterKey struct{}

// note returns a context whose answers are noted here.
func (r *retryAfter) note(ctx context.Context) context.Context {
	return context.WithValue(ctx, retryAfterKey{}, r)
}

// complete puts the time into an error that says Too Many Requests.
func (r *retryAfter) complete(err error) error {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || r.seconds == 0 || !apierrors.IsTooManyRequests(err) {
		return err
	}
	details := &status.ErrStatus.Details
	if *details == nil {
		*details = &metav1.StatusDetails{}
	}
	(*details).RetryAfterSeconds = r.seconds
	return err
}

// noteRetryAfter returns a transport that notes the Retry-After header of a 429.
func noteRetryAfter(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if noted, ok := req.Context().Value(retryAfterKey{}).(*retryAfter); ok && err == nil && resp.StatusCode == http.StatusTooManyRequests {
			noted.seconds = secondsOf(resp.Header)
		}
		return resp, err
	}}
}

// secondsOf returns the time of a Retry-After header; a date counts from the Date header. It returns 0 if there is none.
func secondsOf(header http.Header) int32 {
	const longest = 365 * 24 * 60 * 60
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return int32(min(max(seconds, 0), longest))
	}
	until, err := http.ParseTime(value)
	from, dateErr := http.ParseTime(header.Get("Date"))
	if err != nil || dateErr != nil {
		return 0
	}
	return int32(min(max(until.Sub(from)/time.Second, 0), longest))
}
