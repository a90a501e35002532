// SPDX-License-Identifier: Apache-2.0

// Package failure answers why a call failed: in one word that scripts can match on, with a hint at what to do next.
package failure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Reason is why a call failed, in one word that scripts can match on.
type Reason string

// The reasons. Every failure has exactly one.
const (
	Unreachable      Reason = "Unreachable"      // no connection, or none that can be trusted
	Timeout          Reason = "Timeout"          // no answer in time
	Unauthorized     Reason = "Unauthorized"     // the server does not know this identity
	Forbidden        Reason = "Forbidden"        // it knows it and refuses
	NotFound         Reason = "NotFound"         // the object is not there
	Conflict         Reason = "Conflict"         // the object is there already, or is another one
	Invalid          Reason = "Invalid"          // the kubeconfig is wrong, or the server or its rules refuse the content
	CredentialPlugin Reason = "CredentialPlugin" // the kubeconfig's exec plugin gave no credential
	Unsupported      Reason = "Unsupported"      // the server cannot do this
	Interrupted      Reason = "Interrupted"      // not done, because the operator stopped the run
	Unknown          Reason = "Unknown"          // it may have been done: the answer was lost
	Internal         Reason = "Internal"         // everything else
)

// An Error is a failure whose reason or remedy is known better than the error inside tells.
type Error struct {
	Reason Reason // empty: that of Err
	Err    error
	Hint   string // what to do next; empty: nothing particular
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// A ConfigError is a mistake in the kubeconfig or in what was selected of it: nothing was attempted.
type ConfigError struct {
	Err  error
	Hint string
}

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// needs begins the hint that names the right that a request takes.
const needs = "this needs "

// WithRequiredRight adds the right that a request takes to an error with the reason Forbidden. It returns every other
// error as it is.
func WithRequiredRight(right string, err error) error {
	if ReasonOf(err) != Forbidden {
		return err
	}
	return &Error{Err: err, Hint: needs + right}
}

// RequiredRight returns the right that WithRequiredRight added to an error, "" where it added none.
func RequiredRight(err error) string {
	if known := (*Error)(nil); errors.As(err, &known) {
		if right, ok := strings.CutPrefix(known.Hint, needs); ok {
			return right
		}
	}
	return ""
}

// ReasonOf classifies an error; nil has the reason "".
func ReasonOf(err error) Reason {
	for known := (*Error)(nil); errors.As(err, &known); err = known.Err {
		if known.Reason != "" {
			return known.Reason
		}
	}
	var config *ConfigError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &config):
		return Invalid
	case errors.Is(err, context.Canceled):
		return Interrupted
	case isCredentialPlugin(err):
		return CredentialPlugin
	case isTimeout(err):
		return Timeout
	}
	if reason := statusReason(err); reason != "" {
		return reason
	}
	if IsTransport(err) {
		return Unreachable
	}
	return Internal
}

func statusReason(err error) Reason {
	switch {
	case apierrors.IsUnauthorized(err):
		return Unauthorized
	case apierrors.IsForbidden(err):
		return Forbidden
	case apierrors.IsNotFound(err):
		return NotFound
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err), apierrors.IsGone(err):
		return Conflict
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return Invalid
	case apierrors.IsMethodNotSupported(err), apierrors.IsNotAcceptable(err), apierrors.IsUnsupportedMediaType(err):
		return Unsupported
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), apierrors.IsTooManyRequests(err):
		return Timeout
	case apierrors.IsServiceUnavailable(err):
		return Unreachable
	}
	return ""
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout()
}

// isCredentialPlugin knows client-go's plugin failures by their text: they have no type
// (k8s.io/client-go/plugin/pkg/client/auth/exec/exec.go).
func isCredentialPlugin(err error) bool {
	return strings.Contains(err.Error(), "getting credentials: ")
}

// IsTransport reports whether an error comes from the connection and not from the server's answer.
func IsTransport(err error) bool {
	var (
		urlErr *url.Error
		opErr  *net.OpError
	)
	return errors.As(err, &urlErr) || errors.As(err, &opErr) || errors.Is(err, io.ErrUnexpectedEOF)
}

// IsUntrusted reports whether a connection failed because the server's certificate does not stand the test.
func IsUntrusted(err error) bool {
	var (
		certErr *tls.CertificateVerificationError
		hostErr x509.HostnameError
	)
	return errors.As(err, &certErr) || errors.As(err, &hostErr)
}

// IsNotSent reports whether an error shows that a request never left: no address, no connection, no TLS session,
// no credential.
func IsNotSent(err error) bool {
	var (
		opErr  *net.OpError
		dnsErr *net.DNSError
		recErr tls.RecordHeaderError
		noConn NotSent
	)
	switch {
	case errors.As(err, &noConn):
		return true
	case IsUntrusted(err), errors.As(err, &dnsErr), errors.As(err, &recErr):
		return true
	case errors.As(err, &opErr):
		return opErr.Op == "dial" || opErr.Op == "proxyconnect"
	case errors.Is(err, http.ErrSchemeMismatch):
		return true
	}
	return isCredentialPlugin(err)
}

// IsLost reports whether a write may have been carried out although it failed for us: its answer was lost.
func IsLost(err error) bool {
	if IsNotSent(err) || apierrors.IsTooManyRequests(err) {
		return false
	}
	var status apierrors.APIStatus
	return ReasonOf(err) == Timeout || IsTransport(err) ||
		apierrors.IsInternalError(err) || apierrors.IsUnexpectedServerError(err) ||
		errors.As(err, &status) && IsProxyFailure(status.Status())
}

// NotSent marks the error of a request that failed before there was a connection to send it on: IsNotSent knows the mark.
type NotSent struct{ Err error }

func (e NotSent) Error() string { return e.Err.Error() }
func (e NotSent) Unwrap() error { return e.Err }

// IsProxyFailure reports whether an answer is that of a proxy in the API server that could not pass a request on: a plain
// error has no reason (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/status.go).
func IsProxyFailure(status metav1.Status) bool {
	return status.Code == http.StatusInternalServerError && status.Reason == metav1.StatusReasonUnknown
}
