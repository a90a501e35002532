// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestAURLIsStrippedOfItsUserinfo(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://u:p@a.example.com/x": "https://a.example.com/x",
		"https://u@a.example.com":     "https://a.example.com",
		"https://a.example.com/@":     "https://a.example.com/@",
		"https://u:%zz@a.example.com": "https://u:%zz@a.example.com", // no URL
		"":                            "",
	} {
		got, had := StripUserinfo(address)
		if got != want || had != (got != address) {
			t.Errorf("%q: got %q, %v", address, got, had)
		}
	}
}

func TestAClientWithoutUserinfoHasTheSameServerAndProxy(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]string{
		"":                                  "",
		"http://proxy.example.com:3128":     "http://proxy.example.com:3128",
		"http://u:p@proxy.example.com:3128": "http://proxy.example.com:3128",
		"socks5://u@proxy.example.com:1080": "socks5://proxy.example.com:1080",
	} {
		config := &rest.Config{Host: "https://u:p@a.example.com:6443/x", Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
		if proxy != "" {
			u, err := url.Parse(proxy)
			if err != nil {
				t.Fatal(err)
			}
			config.Proxy = http.ProxyURL(u)
		}
		c, err := connect(t, config).WithoutUserinfo()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if u := proxyOf(c.config, c.server); u != nil {
			got = u.String()
		}
		if got != want || c.Server().String() != "https://a.example.com:6443/x" {
			t.Errorf("%q: got server %s, proxy %q", proxy, c.Server(), got)
		}
	}
}

func TestCredentialsInAnAddressAreFoundEvenIfItIsNoURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"https://a.example.com":       nil,
		"https://u:p@a.example.com":   {"p"},
		"https://u@a.example.com":     {"u"},
		"@":                           {""},
		"u:p@a":                       {"p"},
		"https://u:a%40b@a.example":   {"a%40b", "a@b"},
		"https://u:p@ss@a.example":    {"p@ss"},
		"https://u:%zz@a.example.com": {"%zz"},
	} {
		if got := userinfo(address); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

func TestAClientForAMemberHasNoCredentialAndUsesTheProxyOfTheMember(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: "https://hub.example.com", BearerToken: "hub-token"})
	for proxy, valid := range map[string]bool{"": true, "http://proxy.example.com": true, "ftp://u:p@proxy.example.com": false} {
		direct, err := c.Direct(Member{Name: "m1", Server: "https://m1.example.com", ProxyURL: proxy}, nil)
		if (err == nil) != valid {
			t.Errorf("%q: %v", proxy, err)
		}
		if err != nil {
			if !failure.IsConfig(err) {
				t.Errorf("%q: got %v", proxy, err)
			}
			continue
		}
		used := ""
		if direct.config.Proxy != nil {
			if u := proxyOf(direct.config, direct.server); u != nil {
				used = u.String()
			}
		}
		if used != proxy || direct.config.BearerToken != "" || direct.Server().Host != "m1.example.com" {
			t.Errorf("%q: got proxy %q, server %s", proxy, used, direct.Server())
		}
	}
}
