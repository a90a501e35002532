// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseEndpointTakesHostAndPort(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"cp.example.com:6443":  "cp.example.com:6443",
		"CP.Example.COM:6443":  "cp.example.com:6443",
		"cp.example.com.:6443": "cp.example.com:6443",
		"localhost:1":          "localhost:1",
		"a-1:65535":            "a-1:65535",
		"10.0.0.1:5443":        "10.0.0.1:5443",
		"[2001:db8::1]:6443":   "[2001:db8::1]:6443",
		"[2001:DB8:0::1]:6443": "[2001:db8::1]:6443",
		"[::ffff:10.0.0.1]:1":  "[::ffff:10.0.0.1]:1",
		"10.0.0.1:06443":       "10.0.0.1:6443",
		"cp_1.example.com:1":   "cp_1.example.com:1",
		"_cp.Example.com_:1":   "_cp.example.com_:1",
	} {
		endpoint, err := ParseEndpoint(given)
		if err != nil || endpoint.HostPort() != want {
			t.Errorf("ParseEndpoint(%q) = %q, %v; want %q", given, endpoint.HostPort(), err, want)
		}
	}
}

func TestParseEndpointRefusesWhatAJoinerCannotUse(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"",
		":6443",
		"cp.example.com",
		"cp.example.com:",
		"cp.example.com:0",
		"cp.example.com:65536",
		"cp.example.com:-1",
		"cp.example.com:+6443",
		"cp.example.com:https",
		"cp.example.com:6443:1",
		"https://cp.example.com:6443",
		"cp.example.com:6443/",
		"cp.example.com:6443/k8s/clusters/c-1",
		"2001:db8::1:6443",
		"2001:db8::1",
		"[2001:db8::1]",
		"[fe80::1%eth0]:6443", // a zone means something on one machine only
		"[cp.example.com:6443",
		"admin:hunter2@cp.example.com:6443",
		"admin@cp.example.com:6443",
		"cp_-.example.com:6443",
		"-cp.example.com:6443",
		"cp..example.com:6443",
		"cp.example.com..:6443",
		"cp example.com:6443",
		"cp.example.com\n:6443",
		"$(reboot):6443",
		"abcdef.0123456789abcdef",
	} {
		endpoint, err := ParseEndpoint(given)
		if err == nil {
			t.Errorf("ParseEndpoint(%q) = %q", given, endpoint.HostPort())
			continue
		}
		if !endpoint.IsZero() || len(given) > 1 && strings.Contains(err.Error(), given) {
			t.Errorf("ParseEndpoint(%q) = %v, %v", given, endpoint, err)
		}
	}
}

func TestAHostInTheFormOfATokenIsNoEndpoint(t *testing.T) {
	t.Parallel()
	const token = "aaaa08.0123456789abcdef"
	for _, host := range []string{token, strings.ToUpper(token), "AAAA08.0123456789abcdef", token + "."} {
		for _, given := range []string{host, host + ":6443", "[" + host + "]:6443", host + ":"} {
			for name, err := range map[string]error{"ParseEndpoint": parseError(given), "SetEndpoint": setError(given)} {
				if err == nil || !strings.Contains(err.Error(), "form of a bootstrap token") || strings.Contains(err.Error(), host) {
					t.Errorf("%s(%q): %v", name, given, err)
				}
			}
		}
		if endpoint, err := EndpointOf(&url.URL{Scheme: "https", Host: host + ":6443"}); err == nil || !endpoint.IsZero() {
			t.Errorf("EndpointOf a server at %s = %v", host, endpoint)
		}
	}
	for _, host := range []string{"server.example-of-site", "aaaa08.0123456789abcdef.example.com", "aaaa08.0123456789abcde", "a.0123456789abcdef"} {
		if err := parseError(host + ":6443"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func parseError(given string) error {
	_, err := ParseEndpoint(given)
	return err
}

// setError returns the fault of an endpoint in a join command of a joiner that has a default port.
func setError(given string) error {
	a := Attempt{Command: Command{Joiner: Karmada}}
	a.SetEndpoint(given)
	return errors.Join(a.Faults...)
}

// The shapes of reference/peers.md 2.2, which the peers print as they are.
func TestEndpointOfTakesEveryServerThatAJoinerReaches(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"https://cp.example.com:6443":        "cp.example.com:6443",
		"https://cp.example.com:6443/":       "cp.example.com:6443",
		"https://cp.example.com:6443//":      "cp.example.com:6443",
		"HTTPS://CP.example.com:6443":        "cp.example.com:6443",
		"https://cp.example.com":             "cp.example.com:443",
		"https://cp.example.com/":            "cp.example.com:443",
		"https://cp.example.com.:6443":       "cp.example.com:6443",
		"https://cp_1.example.com":           "cp_1.example.com:443",
		"https://10.0.0.1:5443":              "10.0.0.1:5443",
		"https://[2001:db8::1]:6443":         "[2001:db8::1]:6443",
		"https://[2001:DB8::1]":              "[2001:db8::1]:443",
		"https://admin:hunter2@10.0.0.1:443": "10.0.0.1:443",
	} {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		endpoint, err := EndpointOf(u)
		if err != nil || endpoint.HostPort() != want {
			t.Errorf("EndpointOf(%s) = %q, %v; want %q", server, endpoint.HostPort(), err, want)
		}
	}
}

func TestEndpointOfRefusesWithTheReason(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"http://cp.example.com:8080":                       "not https",
		"HTTP://cp.example.com:8080":                       "not https",
		"cp.example.com":                                   "not https",
		"https://rancher.example.com/k8s/clusters/c-abcde": "path",
		"https://cp.example.com:6443/prefix/":              "path",
		"https://[fe80::1%25eth0]:6443":                    "host",
		"https://cp_-.example.com":                         "host",
		"https://:6443":                                    "host",
		"https://cp.example.com:0":                         "port",
		"https://cp.example.com:99999":                     "port",
	} {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		endpoint, err := EndpointOf(u)
		if err == nil || !endpoint.IsZero() || !strings.Contains(err.Error(), want) {
			t.Errorf("EndpointOf(%s) = %q, %v; want an error about its %s", server, endpoint.HostPort(), err, want)
		}
	}
}

func TestEndpointOfNeverShowsThePasswordInAServer(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"http://admin:hunter2@10.0.0.1", "https://admin:hunter2@10.0.0.1/path"} {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := EndpointOf(u); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("EndpointOf(%s): %v", server, err)
		}
	}
}

func TestCaveatWarnsOfAddressesThatOthersDoNotReach(t *testing.T) {
	t.Parallel()
	const loopback, service = "loopback", "Service"
	for given, want := range map[string]string{
		"127.0.0.1:6443":             "loopback",
		"127.8.8.8:6443":             loopback,
		"[::1]:6443":                 loopback,
		"[::ffff:127.0.0.1]:6443":    loopback,
		"0.0.0.0:6443":               loopback,
		"[::]:6443":                  loopback,
		"localhost:6443":             loopback,
		"LOCALHOST.:6443":            loopback,
		"kind.localhost:6443":        loopback,
		"kubernetes:443":             service,
		"kubernetes.default.svc:443": service,
		"karmada-apiserver.karmada-system.svc:5443":     service,
		"kubernetes.default.svc.cluster.local:443":      service,
		"karmada-apiserver.karmada.svc.example.org:443": service,
		"cp.example.com:6443":                           "",
		"svc.example.com:6443":                          "",
		"mysvc:6443":                                    "",
		"10.0.0.1:6443":                                 "",
		"[2001:db8::1]:6443":                            "",
		"localhost.example.com:6443":                    "",
	} {
		endpoint, err := ParseEndpoint(given)
		if err != nil {
			t.Fatal(err)
		}
		if got := endpoint.Caveat(); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", given, got, want)
		}
	}
}

func TestTheZeroEndpointShowsAsNothing(t *testing.T) {
	t.Parallel()
	var none Endpoint
	if !none.IsZero() || none.HostPort() != "" || none.String() != "" {
		t.Errorf("IsZero() = %v, HostPort() = %q", none.IsZero(), none.HostPort())
	}
}

func TestAnEndpointIsParsedFromText(t *testing.T) {
	t.Parallel()
	var endpoint Endpoint
	if err := endpoint.UnmarshalText([]byte("[2001:db8::1]:6443")); err != nil || endpoint != (Endpoint{"2001:db8::1", 6443}) || endpoint.String() != "[2001:db8::1]:6443" {
		t.Errorf("got %v, %v", endpoint, err)
	}
	if err := endpoint.UnmarshalText([]byte("nonsense")); err == nil {
		t.Error("nonsense is taken")
	}
	if text, err := endpoint.MarshalText(); err != nil || string(text) != "[2001:db8::1]:6443" {
		t.Errorf("it is written as %q, %v", text, err)
	}
}
