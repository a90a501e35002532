// SPDX-License-Identifier: Apache-2.0

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

// ReasonOf returns the reason of an error. The reason of nil is "".
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
	case IsTimeout(err):
		return Timeout
	}
	if reason := statusReason(err); reason != "" {
		return reason
	}
	if IsTransport(err) {
		return Unreachable
	}
	if isUnexpectedAnswer(err) {
		return Unsupported
	}
	return Internal
}

func isUnexpectedAnswer(err error) bool {
	_, ok := errors.AsType[UnexpectedAnswer](err)
	return ok
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
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return Timeout
	case apierrors.IsTooManyRequests(err):
		return TooManyRequests
	case apierrors.IsServiceUnavailable(err):
		return Unreachable
	}
	return ""
}

// isCredentialPlugin recognizes the failure of an exec plugin by its text, because client-go's error has no type
// (k8s.io/client-go/plugin/pkg/client/auth/exec/exec.go).
func isCredentialPlugin(err error) bool {
	return strings.Contains(err.Error(), "getting credentials: ")
}

// IsTransport reports whether the connection failed. It is false for an error in the server's answer.
func IsTransport(err error) bool {
	var (
		urlErr *url.Error
		opErr  *net.OpError
	)
	return errors.As(err, &urlErr) || errors.As(err, &opErr) || errors.Is(err, io.ErrUnexpectedEOF)
}

// IsUntrusted reports whether a connection failed because the server's certificate is not trusted.
func IsUntrusted(err error) bool {
	var (
		certErr *tls.CertificateVerificationError
		hostErr x509.HostnameError
	)
	return errors.As(err, &certErr) || errors.As(err, &hostErr)
}

// IsNotSent reports whether an error proves that a request was not sent: no address, no connection, no TLS session or no
// credential.
func IsNotSent(err error) bool {
	var (
		opErr   *net.OpError
		dnsErr  *net.DNSError
		recErr  tls.RecordHeaderError
		notSent NotSent
	)
	switch {
	case errors.As(err, &notSent), IsUntrusted(err), errors.As(err, &dnsErr), errors.As(err, &recErr), errors.Is(err, http.ErrSchemeMismatch):
		return true
	case errors.As(err, &opErr):
		return opErr.Op == "dial" || opErr.Op == "proxyconnect"
	}
	return isCredentialPlugin(err)
}

// IsLost reports whether a write that failed may have succeeded on the server, because its answer was lost or cannot be
// believed.
func IsLost(err error) bool {
	if err == nil || IsNotSent(err) || apierrors.IsTooManyRequests(err) {
		return false
	}
	var status apierrors.APIStatus
	return ReasonOf(err) == Timeout || IsTransport(err) || isUnexpectedAnswer(err) ||
		apierrors.IsInternalError(err) || apierrors.IsUnexpectedServerError(err) ||
		errors.As(err, &status) && IsProxyFailure(status.Status())
}

// IsProxyFailure reports whether a proxy in the API server failed to reach its backend. Such an answer has no reason,
// because the proxy returns a plain Go error (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/status.go).
func IsProxyFailure(status metav1.Status) bool {
	return status.Code == http.StatusInternalServerError && status.Reason == metav1.StatusReasonUnknown
}
