// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// maxSkew is how far this machine's clock may be off the server's clock without a warning.
const maxSkew = 30 * time.Second

// A clock reads the server's time from the Date header of HTTP responses (RFC 9110, 6.6.1).
type clock struct {
	now func() time.Time // of this machine

	mu     sync.Mutex
	known  bool
	offset time.Duration // the server's clock minus this machine's
}

// ServerTime returns the API server's time, to the second. If this client has seen no response yet, it sends
// GET /version. It accepts every answer of an API server but Unauthorized, even Forbidden. It returns an Unauthorized, a failure
// to connect and the answer of anything else as they are. If a proxy strips the Date header, it returns this machine's time.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	if _, known := c.clock.read(); !known {
		var status apierrors.APIStatus
		_, err := c.Version(ctx)
		if answered := errors.As(err, &status); err != nil && (!answered || failure.ReasonOf(err) == failure.Unauthorized) {
			return time.Time{}, err
		}
	}
	offset, _ := c.clock.read()
	return c.clock.now().Add(offset).UTC().Truncate(time.Second), nil
}

// maxExpirySkew is how far the two clocks may differ where the expiry of a new credential is counted from the server's: a
// larger difference is a clock that was never set, or a Date header that something else wrote.
const maxExpirySkew = 24 * time.Hour

// TimeForExpiry returns ServerTime, from which the expiry of a new credential is counted. It fails with both times if the
// server's clock and this machine's differ by more than a day. Any other error is that of ServerTime.
func (c *Client) TimeForExpiry(ctx context.Context) (time.Time, error) {
	server, err := c.ServerTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	local := c.clock.now().UTC().Truncate(time.Second)
	if local.Sub(server).Abs() <= maxExpirySkew {
		return server, nil
	}
	return time.Time{}, &failure.Error{
		Reason: failure.Invalid,
		Err: fmt.Errorf("the server's clock says %s, and this machine's says %s: no expiry can be counted from clocks that are more than a day apart",
			server.Format(time.RFC3339), local.Format(time.RFC3339)),
		Hint: "nothing was changed: set the clock that is wrong, by NTP for example, or find the proxy that writes the Date header of the answers",
	}
}

// Skew returns by how much this machine's clock is ahead of the server's clock. It returns 0 for a skew of 30 seconds or
// less, and if no response had a Date header.
func (c *Client) Skew() time.Duration {
	offset, _ := c.clock.read()
	if offset.Abs() <= maxSkew {
		return 0
	}
	return -offset
}

// SkewKnown reports whether a response had a Date header, so that the clocks were compared.
func (c *Client) SkewKnown() bool {
	_, known := c.clock.read()
	return known
}

func (c *clock) read() (offset time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.known
}

// wrap returns a transport that reads the Date header of every response.
func (c *clock) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil {
			return resp, err
		}
		if offset, ok := c.compare(resp); ok {
			c.mu.Lock()
			c.known, c.offset = true, offset
			c.mu.Unlock()
		}
		return resp, nil
	}}
}

// compare returns the offset by the Date header of a response. It returns false if there is none.
func (c *clock) compare(resp *http.Response) (offset time.Duration, ok bool) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	return date.Sub(c.now().Truncate(time.Second)), err == nil
}
