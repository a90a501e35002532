// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/joinctl/joinctl/internal/failure"
)

// trackConnection runs a request, and marks its error where it failed before there was a connection to send it on: failure.IsNotSent
// knows the mark.
func trackConnection(ctx context.Context, request func(context.Context) error) error {
	var got atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got.Store(true) }}
	err := request(httptrace.WithClientTrace(ctx, trace))
	if err != nil && !got.Load() {
		return failure.NotSent{Err: err}
	}
	return err
}
