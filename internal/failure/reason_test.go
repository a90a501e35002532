// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The errors of real requests are in internal/kube/reason_test.go.

var (
	errBoom   = errors.New("boom")
	secrets   = schema.GroupResource{Resource: "secrets"}
	forbidden = apierrors.NewForbidden(secrets, "x", errors.New("no right"))
	// proxyFailure is the answer of an API server that cannot reach the backend of a proxy.
	proxyFailure = &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "dial tcp: refused"}}
	errPlugin    = overHTTP(errors.New("getting credentials: exec: executable aws failed with exit code 1"))
)

// overHTTP wraps an error as net/http does.
func overHTTP(err error) error { return &url.Error{Op: "Post", URL: "https://a:6443", Err: err} }

func TestReasonOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want Reason
	}{
		"nil":                       {nil, ""},
		"other":                     {errBoom, Internal},
		"ConfigError":               {&ConfigError{Err: errBoom}, Invalid},
		"ConfigError with a cause":  {&ConfigError{Err: forbidden}, Invalid},
		"Error with a reason":       {&Error{Reason: Unknown, Err: forbidden}, Unknown},
		"Error without a reason":    {&Error{Err: forbidden, Hint: "ask"}, Forbidden},
		"Error in an Error":         {&Error{Err: &Error{Reason: Conflict, Err: forbidden}, Hint: "ask"}, Conflict},
		"outer Error wins":          {&Error{Reason: Timeout, Err: &Error{Reason: Conflict, Err: forbidden}}, Timeout},
		"ConfigError in an Error":   {&Error{Err: &ConfigError{Err: errBoom}}, Invalid},
		"NotSent":                   {NotSent{overHTTP(errBoom)}, Unreachable},
		"NotSent after a timeout":   {NotSent{overHTTP(os.ErrDeadlineExceeded)}, Timeout},
		"cancelled":                 {context.Canceled, Interrupted},
		"request cancelled":         {overHTTP(context.Canceled), Interrupted},
		"deadline exceeded":         {context.DeadlineExceeded, Timeout},
		"exec plugin":               {errPlugin, CredentialPlugin},
		"connection closed":         {overHTTP(io.EOF), Unreachable},
		"answer cut short":          {io.ErrUnexpectedEOF, Unreachable},
		"unauthorized":              {apierrors.NewUnauthorized("Unauthorized"), Unauthorized},
		"forbidden":                 {forbidden, Forbidden},
		"not found":                 {apierrors.NewNotFound(secrets, "x"), NotFound},
		"already exists":            {apierrors.NewAlreadyExists(secrets, "x"), Conflict},
		"gone":                      {&apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonGone}}, Conflict},
		"invalid":                   {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", nil), Invalid},
		"method not supported":      {apierrors.NewMethodNotSupported(secrets, "create"), Unsupported},
		"too many requests":         {apierrors.NewTooManyRequests("busy", 0), TooManyRequests},
		"unavailable":               {apierrors.NewServiceUnavailable("starting"), Unreachable},
		"internal error":            {apierrors.NewInternalError(errBoom), Internal},
		"proxy failure":             {proxyFailure, Internal},
		"joined with another error": {errors.Join(errBoom, forbidden), Forbidden},
	} {
		if got := ReasonOf(test.err); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := ReasonOf(fmt.Errorf("create: %w", test.err)); got != test.want {
			t.Errorf("%s, wrapped: got %s, want %s", name, got, test.want)
		}
	}
}

func TestRequiredRightReturnsWhatWithRequiredRightAdded(t *testing.T) {
	t.Parallel()
	const right = "the verb get on secrets"
	err := WithRequiredRight(right, fmt.Errorf("read: %w", forbidden))
	var known *Error
	if !errors.As(err, &known) || known.Hint != "this needs "+right || !errors.Is(err, forbidden) || ReasonOf(err) != Forbidden {
		t.Errorf("got %#v", err)
	}
	if got := RequiredRight(fmt.Errorf("list: %w", err)); got != right {
		t.Errorf("got %q, want %q", got, right)
	}
	for name, other := range map[string]error{
		"nil": nil, "not forbidden": errBoom, "no hint": forbidden, "another hint": &Error{Err: forbidden, Hint: "ask"},
	} {
		if got := RequiredRight(other); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestWithRequiredRightReturnsOtherErrorsUnchanged(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errBoom, apierrors.NewUnauthorized("Unauthorized"), &ConfigError{Err: errBoom}} {
		if got := WithRequiredRight("a right", err); got != err { //nolint:errorlint // the same error, unwrapped
			t.Errorf("%v became %v", err, got)
		}
	}
}

// A write whose request was not sent cannot have succeeded; a write whose answer was lost may have.
func TestIsNotSentAndIsLost(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return overHTTP(&net.OpError{Op: "dial", Net: "tcp", Err: err}) }
	for name, test := range map[string]struct {
		err           error
		notSent, lost bool
	}{
		"NotSent":                  {NotSent{overHTTP(os.ErrDeadlineExceeded)}, true, false},
		"connection refused":       {dial(errBoom), true, false},
		"connect timeout":          {dial(os.ErrDeadlineExceeded), true, false},
		"proxy connection refused": {overHTTP(&net.OpError{Op: "proxyconnect", Net: "tcp", Err: errBoom}), true, false},
		"unknown host":             {overHTTP(&net.DNSError{Err: "no such host", IsNotFound: true}), true, false},
		"not TLS":                  {overHTTP(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), true, false},
		"HTTP on an HTTPS port":    {overHTTP(http.ErrSchemeMismatch), true, false},
		"untrusted certificate":    {overHTTP(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), true, false},
		"certificate for another":  {overHTTP(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}), true, false},
		"exec plugin":              {errPlugin, true, false},
		"read failed":              {overHTTP(&net.OpError{Op: "read", Net: "tcp", Err: errBoom}), false, true},
		"connection closed":        {overHTTP(io.EOF), false, true},
		"answer timeout":           {overHTTP(os.ErrDeadlineExceeded), false, true},
		"gateway timeout":          {apierrors.NewTimeoutError("slow", 0), false, true},
		"etcd timeout":             {apierrors.NewServerTimeout(secrets, "create", 0), false, true},
		"internal error":           {apierrors.NewInternalError(errBoom), false, true},
		"proxy failure":            {proxyFailure, false, true},
		"answer of a proxy":        {apierrors.NewGenericServerResponse(http.StatusBadGateway, "POST", secrets, "x", "<html>", 0, true), false, true},
		"too many requests":        {apierrors.NewTooManyRequests("busy", 0), false, false},
		"forbidden":                {forbidden, false, false},
		"conflict":                 {apierrors.NewAlreadyExists(secrets, "x"), false, false},
		"other":                    {errBoom, false, false},
	} {
		for form, err := range map[string]error{"as it is": test.err, "wrapped": fmt.Errorf("create: %w", test.err)} {
			if got := IsNotSent(err); got != test.notSent {
				t.Errorf("%s, %s: IsNotSent is %v", name, form, got)
			}
			if got := IsLost(err); got != test.lost {
				t.Errorf("%s, %s: IsLost is %v", name, form, got)
			}
		}
	}
}

func TestIsUntrustedMeansTheCertificate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"unknown CA":   {overHTTP(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), true},
		"another name": {overHTTP(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}), true},
		"not TLS":      {overHTTP(tls.RecordHeaderError{}), false},
		"other":        {errBoom, false},
	} {
		if got := IsUntrusted(test.err); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestIsProxyFailureMeansAnInternalErrorWithoutAReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status metav1.Status
		want   bool
	}{
		"proxy":          {proxyFailure.Status(), true},
		"internal error": {apierrors.NewInternalError(errBoom).Status(), false},
		"forbidden":      {forbidden.Status(), false},
		"empty":          {metav1.Status{}, false},
	} {
		if got := IsProxyFailure(test.status); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
