// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// unsent is the error of a request for which there never was a connection, whatever net/http calls it.
type unsent struct{ error }

func (e unsent) Unwrap() error { return e.error }

// connected runs a request, and marks its error where it failed before there was a connection to send it on: IsUnsent
// knows the mark.
func connected(ctx context.Context, request func(context.Context) error) error {
	var got atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got.Store(true) }}
	err := request(httptrace.WithClientTrace(ctx, trace))
	if err != nil && !got.Load() {
		return unsent{err}
	}
	return err
}
