// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// maxSkew is how far this machine's clock may be off the server's before an operator has to know.
const maxSkew = 30 * time.Second

// A clock learns the server's time from the Date header that every HTTP response carries (RFC 9110, 6.6.1).
type clock struct {
	now func() time.Time

	mu     sync.Mutex
	known  bool
	offset time.Duration // the server's clock minus this machine's
}

// ServerTime returns the API server's time, to the second. It asks GET /version when no response was seen yet: any
// answer will do, a Forbidden too, but not an Unauthorized, which is returned at once, as is a failure to connect.
// Where a proxy strips the Date header, this machine's time is returned.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	if _, known := c.clock.read(); !known {
		var status apierrors.APIStatus
		err := c.core.Get().AbsPath("/version").Do(ctx).Error()
		if answered := errors.As(err, &status); err != nil && (!answered || failure.ReasonOf(err) == failure.Unauthorized) {
			return time.Time{}, err
		}
	}
	offset, _ := c.clock.read()
	return c.clock.now().Add(offset).UTC().Truncate(time.Second), nil
}

// Skew returns by how much this machine's clock is ahead of the server's, 0 where that is too little to matter
// (30 seconds) or not known.
func (c *Client) Skew() time.Duration {
	offset, _ := c.clock.read()
	if offset.Abs() <= maxSkew {
		return 0
	}
	return -offset
}

func (c *clock) read() (offset time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.known
}

// watch reads the clock off every response that passes through a transport.
func (c *clock) watch(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil {
			return resp, err
		}
		if date, parseErr := http.ParseTime(resp.Header.Get("Date")); parseErr == nil {
			c.mu.Lock()
			c.known, c.offset = true, date.Sub(c.now().Truncate(time.Second))
			c.mu.Unlock()
		}
		return resp, nil
	}}
}
