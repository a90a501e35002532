// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// connected checks the steps up to TLS by the trace of the first request, and reports whether it reached the endpoint.
func (r *replay) connected(trace *connTrace, err error) bool {
	trace.mu.Lock()
	defer trace.mu.Unlock()
	proxy, next := proxyFor(r.attempt.Endpoint), r.attempt.Endpoint.HostPort()
	if proxy != "" {
		next = proxy
	}
	if trace.lookup && len(trace.addresses) == 0 && trace.remote == "" {
		r.add(stepDNS, Failed, tcpFix(proxy, "", err), "%s cannot be resolved: %v", next, shortCause(err))
		return false
	}
	r.ok(stepDNS, "%s", resolved(next, trace.addresses))
	if !trace.handshakes {
		r.add(stepTCP, Failed, tcpFix(proxy, trace.remote, err), "%s cannot be reached: %v", r.reached(proxy), shortCause(err))
		return false
	}
	r.ok(stepTCP, "connected to %s", r.reached(proxy))
	if trace.tls == nil {
		r.add(stepTLS, Failed, wireFix(err, "is this the port of the API server? It speaks TLS itself; a load balancer in front has to pass TLS through"),
			"%s does not speak TLS as an API server does: %v", r.reached(proxy), shortCause(err))
		return false
	}
	r.certificate(trace.tls)
	return true
}

// wireFix returns what the table of failure.Wire says about an error, else another fix.
func wireFix(err error, other string) string {
	fault, _ := failure.Wire(err)
	return cmp.Or(fault.Fix, other)
}

// tcpFix returns what to do where no connection to the endpoint, or to the proxy in front of it, was made.
func tcpFix(proxy, remote string, err error) string {
	switch {
	case proxy != "" && remote != "":
		return "have the proxy let connections to the endpoint through, or name the host in NO_PROXY"
	case proxy != "":
		return "correct HTTPS_PROXY, or name the endpoint's host in NO_PROXY"
	}
	return wireFix(err, "is the API server running, is this its port, and do firewalls let this machine through?")
}

// certificate checks names and dates of the serving certificate. The second read checks that the right CA signed it.
func (r *replay) certificate(state *tls.ConnectionState) {
	leaf := state.PeerCertificates[0]
	host, now := r.attempt.Endpoint.Host, r.Now()
	status := Failed
	if r.insecure() {
		status = Warning // the joiner then verifies only the certificate of cluster-info's server
	}
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	until, dates := leaf.NotAfter.UTC().Format(time.RFC3339), certificate.Dates(leaf, now)
	switch {
	case dates != "" && certificate.ClockExplains(leaf, now, r.skew):
		r.add(stepTLS, status, certificate.ClockFix, "the serving certificate of %s %s, but only by this machine's clock: %s",
			r.attempt.Endpoint.HostPort(), dates, failure.Skew(r.skew))
	case now.After(leaf.NotAfter):
		r.add(stepTLS, status, certificate.ServingFix, "the serving certificate of %s %s", r.attempt.Endpoint.HostPort(), dates)
	case dates != "":
		r.add(stepTLS, status, r.waitFix(), "the serving certificate of %s %s", r.attempt.Endpoint.HostPort(), dates)
	case leaf.VerifyHostname(host) != nil:
		r.add(stepTLS, status, "join at an address that the certificate covers (token create --endpoint HOST:PORT prints the command for it), or add this one to the certificate",
			"the serving certificate is not for %s; it is for %s", host, strings.Join(names, ", "))
	default:
		r.ok(stepTLS, "the serving certificate covers %s and is valid until %s", host, until)
	}
}

// waitFix is the fix for a certificate that is not valid yet, where this machine's clock does not explain it.
func (r *replay) waitFix() string {
	if r.skewKnown {
		return certificate.WaitFix
	}
	return "set this machine's clock, or wait"
}

// unpinned reports whether the joiner trusts any CA in cluster-info.
func (r *replay) unpinned() bool { return r.attempt.SkipCA && len(r.attempt.Pins) == 0 }

// insecure reports whether the joiner does not verify the endpoint.
func (r *replay) insecure() bool { return r.joiner.InsecureWithoutPin && r.unpinned() }

// proxyFor returns HOST:PORT of the environment's proxy for an endpoint, "" if there is none.
func proxyFor(endpoint join.Endpoint) string {
	u := &url.URL{Scheme: "https", Host: endpoint.HostPort()}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && proxy != nil {
		return proxy.Host
	}
	return ""
}

// shortCause returns the cause of a failed connection, without the errors that wrap it.
func shortCause(err error) error {
	if fault, ok := failure.Wire(err); ok && fault.Text != "" {
		return errors.New(fault.Text)
	}
	if failure.ReasonOf(err) == failure.Timeout && !isStatus(err) {
		return errors.New("nothing answered in time")
	}
	return rootCause(err)
}
