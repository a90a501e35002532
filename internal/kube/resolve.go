// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// resolveTime is how long Resolve reads at most. A load balancer that holds a request back for want of a server, and
// kube-apiserver's own queues, apply it seconds after the client has lost its connection.
const resolveTime = 4 * time.Second

// Resolve reads an object after the answer to a write was lost: at once, and again until read finds out what became of the
// write, or fails, or until 4 seconds, or the time for one request if that is shorter, have passed. It reports whether read
// found out. An object that is missing by then may still be created. A read fails for good unless the server says that it
// cannot answer now, with a 5xx or a 429; the error is that of the last read.
func (c *Client) Resolve(ctx context.Context, read func(context.Context) (known bool, err error)) (known bool, err error) {
	window := resolveTime
	if timeout := c.RequestTimeout(); timeout > 0 {
		window = min(window, timeout)
	}
	for _, sixteenths := range []time.Duration{0, 1, 2, 4, 9} {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(window * sixteenths / 16):
		}
		if known, err = read(ctx); known || err != nil && !isTemporary(err) {
			return known, err
		}
	}
	return false, err
}

// isTemporary reports whether a server answered that it cannot answer now: while a write is lost, it often restarts.
func isTemporary(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && (status.Status().Code >= http.StatusInternalServerError || apierrors.IsTooManyRequests(err))
}

// resolveDelete reads an object after the answer to its DELETE was lost, and says what became of it.
func (c *Client) resolveDelete(ctx context.Context, want Object, deleteErr error, read func(context.Context) (Object, error)) error {
	var found Object
	_, err := c.Resolve(ctx, func(ctx context.Context) (known bool, err error) {
		found, err = read(ctx)
		return err == nil, err
	})
	return confirmDeleted(want, found, deleteErr, err)
}

// confirmDeleted says what became of a DELETE with a lost answer, after the object was read: it is gone if it is missing, or if
// it has another UID than the one to delete. Otherwise the reason is Unknown: one that still exists may still be deleted, as
// Resolve says. Nobody waits for that, because nothing is lost with the answer.
func confirmDeleted(want, found Object, deleteErr, readErr error) error {
	kind := strings.ToLower(kindOf(want))
	switch {
	case apierrors.IsNotFound(readErr):
		return nil
	case readErr != nil:
		return failure.Unknownf("the answer was lost (%w), and the %s cannot be read to see whether it is gone: %w", deleteErr, kind, readErr)
	case want.GetUID() != "" && want.GetUID() != found.GetUID():
		return nil
	}
	return failure.Unknownf("the answer was lost, and the %s still exists, but may still be deleted: %w", kind, deleteErr)
}

// Mark marks the moment before a write. The function that it returns reports whether an object was created earlier, by the
// server's clock, which counts in seconds; false if the server's time is unknown.
func (c *Client) Mark() (earlier func(created metav1.Time) bool) {
	const precision = 2 * time.Second // the Date of a response and a creationTimestamp are cut to the second
	mark := c.clock.now()
	return func(created metav1.Time) bool {
		offset, known := c.clock.read()
		return known && !created.IsZero() && created.Time.Before(mark.Add(offset-precision))
	}
}
