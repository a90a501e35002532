// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/joinctl/joinctl/internal/redact"
)

// An Endpoint is the HOST:PORT at which a joiner reaches the control plane over HTTPS.
type Endpoint struct {
	Host string // a DNS name in lower case, or an IP address without brackets
	Port int
}

// errToken is the error for a host that is a bootstrap token. It does not repeat the host.
func errToken() error {
	return errors.New("the host has the form of a bootstrap token, so nothing connects to it: " +
		"are two arguments swapped, or does a flag lack its value?")
}

// ParseEndpoint parses HOST:PORT, with an IPv6 address in brackets. It refuses a host that has the form of a bootstrap
// token, in upper case too: a name server, a proxy and the network would see the credential.
func ParseEndpoint(s string) (Endpoint, error) {
	if host, _, _ := strings.Cut(s, ":"); redact.IsToken(host) {
		return Endpoint{}, errToken()
	}
	if strings.Contains(s, "/") {
		return Endpoint{}, errors.New("an endpoint is HOST:PORT, without a scheme or a path")
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Endpoint{}, errors.New("an endpoint is HOST:PORT, with an IPv6 address in brackets")
	}
	return newEndpoint(host, port)
}

// EndpointOf returns the endpoint of a kubeconfig's server. It returns an error for a server that a joiner cannot reach:
// one without TLS, or one with a path, which a proxy serves to its users, but not to an anonymous joiner.
func EndpointOf(server *url.URL) (Endpoint, error) {
	if !strings.EqualFold(server.Scheme, "https") {
		return Endpoint{}, fmt.Errorf("server %s is not https: a joiner verifies the control plane's certificate", server.Redacted())
	}
	if strings.Trim(server.Path, "/") != "" {
		return Endpoint{}, fmt.Errorf("server %s has a path: a joiner knows only HOST:PORT", server.Redacted())
	}
	port := server.Port()
	if port == "" {
		port = "443"
	}
	return newEndpoint(server.Hostname(), port)
}

// newEndpoint returns an endpoint. It accepts underscores in a DNS name: no DNS-1123 subdomain has one, but the joiners, Go's
// resolver and its certificate verification accept them.
func newEndpoint(host, port string) (Endpoint, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return Endpoint{}, errors.New("a port is a number from 1 to 65535")
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return Endpoint{addr.String(), int(n)}, nil
	}
	if redact.IsToken(host) {
		return Endpoint{}, errToken()
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if len(validation.IsDNS1123Subdomain(strings.ReplaceAll(host, "_", "0"))) > 0 {
		return Endpoint{}, errors.New("a host is a DNS name or an IP address")
	}
	return Endpoint{host, int(n)}, nil
}

// IsZero reports whether e is empty.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// HostPort returns HOST:PORT, with an IPv6 address in brackets, and "" for the zero Endpoint.
func (e Endpoint) HostPort() string {
	if e.IsZero() {
		return ""
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
}

// IsService reports whether the host is the DNS name of a Service, which only Pods of its own cluster resolve.
func (e Endpoint) IsService() bool {
	return e.Host == "kubernetes" || e.Host == "kubernetes.default" || strings.HasSuffix(e.Host, ".svc") || strings.Contains(e.Host, ".svc.")
}

// IsLoopback reports whether the host means the machine that uses it.
func (e Endpoint) IsLoopback() bool {
	if addr, err := netip.ParseAddr(e.Host); err == nil {
		return addr.IsLoopback() || addr.IsUnspecified()
	}
	return e.Host == "localhost" || strings.HasSuffix(e.Host, ".localhost")
}

// Caveat says why other machines are unlikely to reach the endpoint. It returns "" if there is no reason.
func (e Endpoint) Caveat() string {
	switch {
	case e.IsLoopback():
		return "a loopback address: only this machine reaches it"
	case e.IsService():
		return "a Service's DNS name: only Pods of its own cluster resolve it"
	}
	return ""
}

// String returns HostPort.
func (e Endpoint) String() string { return e.HostPort() }

// MarshalText implements encoding.TextMarshaler.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.HostPort()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, as ParseEndpoint.
func (e *Endpoint) UnmarshalText(text []byte) error {
	endpoint, err := ParseEndpoint(string(text))
	if err == nil {
		*e = endpoint
	}
	return err
}
