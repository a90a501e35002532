// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/joinctl/joinctl/internal/failure"
)

// A stages records how far a request got. Several dials can run at the same time.
type stages struct {
	started, lookup, resolved, dialed, handshake, connected, answering atomic.Bool
}

// trace returns a context that records a request here.
func (s *stages) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:  func(string) { s.started.Store(true) },
		DNSStart: func(httptrace.DNSStartInfo) { s.lookup.Store(true) },
		DNSDone:  func(info httptrace.DNSDoneInfo) { s.resolved.Store(info.Err == nil) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				s.dialed.Store(true)
			}
		},
		TLSHandshakeStart:    func() { s.handshake.Store(true) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { s.handshake.Store(err != nil) },
		GotConn:              func(httptrace.GotConnInfo) { s.connected.Store(true) },
		GotFirstResponseByte: func() { s.answering.Store(true) },
	})
}

// explain returns a timeout as failure.TimedOut: which part of the connection or of the answer is missing.
func (s *stages) explain(err error) error {
	if missing := s.missing(); err != nil && missing != "" && failure.IsTimeout(err) {
		return failure.TimedOut{Missing: missing, Err: err}
	}
	return err
}

// missing returns what the request waits for, "" if it does not wait for the network.
func (s *stages) missing() failure.Stage {
	switch {
	case s.answering.Load():
		return failure.AnswerEnd
	case s.connected.Load():
		return failure.Answer
	case s.handshake.Load():
		return failure.TLS
	case s.dialed.Load():
		return failure.Proxy
	case s.lookup.Load() && !s.resolved.Load():
		return failure.DNS
	case s.started.Load():
		return failure.TCP
	}
	return ""
}
