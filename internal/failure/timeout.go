// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"context"
	"errors"
	"net"
)

// A Stage is what a request waits for.
type Stage string

// The stages, in the order of a request.
const (
	DNS       Stage = "an address from DNS"
	TCP       Stage = "a TCP connection"
	Proxy     Stage = "a connection through the proxy"
	TLS       Stage = "a TLS handshake"
	Answer    Stage = "an answer to the request"
	AnswerEnd Stage = "the end of the answer"
)

// fix returns what to do if a stage is missing.
func (s Stage) fix() string {
	return map[Stage]string{
		DNS:       "does the DNS server of this machine answer?",
		TCP:       "is the address right, does the machine run, and do firewalls let this machine through?",
		Proxy:     "let the proxy connect to the server, or name the server's host in NO_PROXY",
		TLS:       "something accepts connections and says nothing: a load balancer without a healthy server behind it, or a port that is not the API server's?",
		Answer:    "the request was sent: look at the load of the API server and of etcd, or allow more with --request-timeout",
		AnswerEnd: "the answer began: look at the load of the API server, or allow more with --request-timeout",
	}[s]
}

// TimedOut is the error of a request that got no further than a stage in time. Its reason is Timeout.
type TimedOut struct {
	Missing Stage
	Err     error
}

func (e TimedOut) Error() string { return e.Err.Error() }
func (e TimedOut) Unwrap() error { return e.Err }

// timedOut returns what is missing.
func timedOut(err error) (Stage, bool) {
	known, ok := errors.AsType[TimedOut](err)
	return known.Missing, ok
}

// IsTimeout reports whether this machine waited too long. It is false for a timeout that the server reports.
func IsTimeout(err error) bool {
	var netErr net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout()
}
