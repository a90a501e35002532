// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A WireFault is what happened to a request on its way to the server.
type WireFault struct {
	Text string // for people; "": the error says it well enough
	Fix  string // what to do next
}

// A wireRow is a fault with the errors that show it.
type wireRow struct {
	is    func(error) bool
	fault WireFault
}

// wireRows returns the faults in the order in which Wire looks for them. Both sides read this table: commands for the server of a
// context, and check for the endpoint of a join command.
func wireRows() []wireRow {
	return []wireRow{
		{isClosedBeforeTLS, WireFault{
			"the connection was closed before TLS",
			"a load balancer without a healthy server behind it? Look at its backends, and whether the API server runs",
		}},
		{isClosed, WireFault{
			"the connection was closed without an answer",
			"the server, or a load balancer in front of it, closed the connection: does the API server restart?",
		}},
		{isRefused, WireFault{"", "nothing listens at this address: check that the API server runs, that the address is right, and that no firewall refuses this machine"}},
		{isUnreachable, WireFault{"", "no route leads to this address: is it right, and is this machine in the right network or VPN?"}},
		{isUnknownHost, WireFault{"", "DNS does not know the name: correct the address, or this machine's DNS"}},
		{isBrokenDNS, WireFault{"", "the DNS server of this machine fails: look at it, or write an IP address"}},
		{isHTTPToTLS, WireFault{
			"the server speaks TLS, and the request came without",
			"write https:// in the server of the kubeconfig's cluster",
		}},
		{isNotTLS, WireFault{
			"", "the server does not speak TLS: is this the port of the API server? A load balancer in front of it has to pass TLS through",
		}},
		{isHTML, WireFault{
			WebPage{}.Error(),
			"something else answers in place of the API server: a login page, a proxy or a web server; log in, or correct the context's server",
		}},
		{isInvalidHeader, WireFault{
			"the credential has a line break or another control character",
			"correct the token of the kubeconfig's user: it is one line",
		}},
		{isServerTimeout, WireFault{
			"", "the API server answers, and what it waited for did not: look at etcd, webhooks and aggregated API servers, or try again later",
		}},
	}
}

// Wire returns what happened to a request on the wire, and false if the error does not say.
func Wire(err error) (WireFault, bool) {
	if err == nil {
		return WireFault{}, false
	}
	if known, ok := errors.AsType[described](err); ok {
		return known.fault, true
	}
	if missing, ok := timedOut(err); ok {
		return WireFault{"nothing answered in time, while waiting for " + string(missing), missing.fix()}, true
	}
	if apierrors.IsTooManyRequests(err) {
		return WireFault{"", tooManyFix(err)}, true
	}
	for _, row := range wireRows() {
		if row.is(err) {
			return row.fault, true
		}
	}
	return WireFault{}, false
}

// described is an error with the text of its WireFault.
type described struct {
	text  string
	fault WireFault
	err   error
}

func (d described) Error() string { return d.text }
func (d described) Unwrap() error { return d.err }

// Describe returns an error with the text of its WireFault in place of a library's phrase. It shortens every other error. The
// request stays in front as its method, host and path: a query has 200 characters that help nobody.
func Describe(err error) error {
	fault, known := Wire(err)
	urlErr, isRequest := errors.AsType[*url.Error](err)
	switch {
	case !isRequest && fault.Text == "":
		return Shorten(err)
	case !isRequest:
		return described{fault.Text, fault, err}
	}
	cause := fault.Text
	if cause == "" {
		cause = Cut(urlErr.Err.Error())
	}
	text := request(urlErr) + ": " + cause
	if !known {
		return shortened{text, err}
	}
	return described{text, fault, err}
}

// request returns the method, host and path of a request that failed.
func request(err *url.Error) string {
	address, _, _ := strings.Cut(err.URL, "?")
	if parsed, parseErr := url.Parse(address); parseErr == nil {
		parsed.User = nil
		address = parsed.String()
	}
	return strings.ToUpper(err.Op) + " " + address
}

// tooManyFix says when to try again, if the server does.
func tooManyFix(err error) string {
	again := "try again later"
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
		again = "try again in " + Duration(time.Duration(seconds)*time.Second) + ", as it asks"
	}
	return "the server has too many requests: " + again + "; --parallel sends fewer at once"
}

func isServerTimeout(err error) bool {
	return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err)
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

func isClosedBeforeTLS(err error) bool {
	_, notSent := errors.AsType[NotSent](err)
	return notSent && isClosed(err)
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func isUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

func isUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

func isBrokenDNS(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok && !isUnknownHost(err)
}

func isNotTLS(err error) bool {
	return errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "first record does not look like a TLS handshake")
}

// isHTTPToTLS recognizes the answers of net/http and nginx by their texts, and a TLS alert.
func isHTTPToTLS(err error) bool {
	text := err.Error()
	if cause, ok := apierrors.StatusCause(err, metav1.CauseTypeUnexpectedServerResponse); ok {
		text += cause.Message
	}
	return strings.Contains(text, "HTTP request to an HTTPS server") || strings.Contains(text, "HTTP request was sent to HTTPS port") ||
		strings.Contains(text, `malformed HTTP response "\x15\x03`)
}

// WebPage is the error of an answer that is a web page.
type WebPage struct{}

func (WebPage) Error() string { return "a web page was the answer, and not the Kubernetes API" }

func isHTML(err error) bool { return errors.Is(err, WebPage{}) }

// isInvalidHeader recognizes the error of net/http by its text.
func isInvalidHeader(err error) bool {
	return strings.Contains(err.Error(), "invalid header field value for")
}
