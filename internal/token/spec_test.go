// SPDX-License-Identifier: Apache-2.0

package token

import (
	"reflect"
	"strings"
	"testing"
	"time"

	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

func TestParseUsagesFollowsTheServersRule(t *testing.T) {
	t.Parallel()
	both := []string{"signing", "authentication"}
	for _, test := range []struct{ input, want []string }{
		{[]string{"signing", "authentication"}, both},
		{[]string{"authentication", "signing"}, both},
		{[]string{"signing", "signing", "authentication"}, both},
		{[]string{"signing"}, []string{"signing"}},
		{[]string{"authentication"}, []string{"authentication"}},
		{nil, nil},
		{[]string{}, nil},
		{[]string{""}, nil},
		{[]string{"Signing"}, nil},
		{[]string{"signing "}, nil},
		{[]string{"signing,authentication"}, nil},
		{[]string{"signing", "bar"}, nil},
		{[]string{"usage-bootstrap-signing"}, nil},
	} {
		got, err := ParseUsages(test.input)
		if (err == nil) != (test.want != nil) || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParseUsages(%q) = %q, %v; want %q", test.input, got, err, test.want)
		}
		if valid := bootstraputil.ValidateUsages(test.input) == nil && len(test.input) > 0; valid != (err == nil) {
			t.Errorf("ParseUsages(%q): %v, and the server's own function accepts it: %v", test.input, err, valid)
		}
	}
}

func TestParseGroupsFollowsTheServersRule(t *testing.T) {
	t.Parallel()
	const prefix = "system:bootstrappers:"
	for group, want := range map[string]bool{
		prefix + "karmada:default-cluster-token": true,
		prefix + "kubeadm:default-node-token":    true,
		prefix + "a":                             true,
		prefix + ":a":                            true,
		prefix + "-9":                            true,
		prefix + strings.Repeat("a", 256):        true,
		prefix + strings.Repeat("a", 257):        false,
		prefix:                                   false,
		"system:bootstrappers":                   false,
		prefix + "a:":                            false,
		prefix + "a-":                            false,
		prefix + "A":                             false,
		prefix + "a b":                           false,
		prefix + "a\n":                           false,
		" " + prefix + "a":                       false,
		"system:masters":                         false,
		"foo":                                    false,
		"":                                       false,
		prefix + "a," + prefix + "b":             false,
	} {
		got, err := ParseGroups([]string{prefix + "ok", group})
		if (err == nil) != want {
			t.Errorf("ParseGroups(%q): %v", group, err)
		}
		if want && !reflect.DeepEqual(got, []string{prefix + "ok", group}) {
			t.Errorf("ParseGroups(%q) = %q", group, got)
		}
		if valid := bootstraputil.ValidateBootstrapGroupName(group) == nil; valid != want {
			t.Errorf("%q: the server's own function says %v", group, valid)
		}
	}
}

func TestParseGroupsKeepsTheOrderAndDropsDuplicates(t *testing.T) {
	t.Parallel()
	const b, a = "system:bootstrappers:b", "system:bootstrappers:a"
	if got, err := ParseGroups([]string{b, a, b}); err != nil || !reflect.DeepEqual(got, []string{b, a}) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ParseGroups(nil); err != nil || got != nil {
		t.Errorf("no groups: got %q, %v", got, err)
	}
}

func TestATTLIsForeverOrAtLeastASecond(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]TTL{
		"0": 0, "1s": TTL(time.Second), "24h": TTL(24 * time.Hour), "500ms": -1, "-5m": -1, "24": -1, "tomorrow": -1, "": -1,
	} {
		var got TTL
		err := got.UnmarshalText([]byte(in))
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	if text, err := TTL(24 * time.Hour).MarshalText(); err != nil || string(text) != "24h0m0s" {
		t.Errorf("%q, %v", text, err)
	}
}
