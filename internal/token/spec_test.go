// SPDX-License-Identifier: Apache-2.0

package token

import (
	"reflect"
	"strings"
	"testing"

	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

func TestParseUsagesByTheServersRule(t *testing.T) {
	t.Parallel()
	both := []string{"signing", "authentication"}
	for _, test := range []struct{ given, want []string }{
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
		got, err := ParseUsages(test.given)
		if (err == nil) != (test.want != nil) || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParseUsages(%q) = %q, %v; want %q", test.given, got, err, test.want)
		}
		if served := bootstraputil.ValidateUsages(test.given) == nil && len(test.given) > 0; served != (err == nil) {
			t.Errorf("ParseUsages(%q): %v, and the server's own function accepts it: %v", test.given, err, served)
		}
	}
}

func TestParseGroupsByTheServersRule(t *testing.T) {
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
		if served := bootstraputil.ValidateBootstrapGroupName(group) == nil; served != want {
			t.Errorf("%q: the server's own function says %v", group, served)
		}
	}
}

func TestParseGroupsKeepsTheOrderAndDropsDoubles(t *testing.T) {
	t.Parallel()
	const b, a = "system:bootstrappers:b", "system:bootstrappers:a"
	if got, err := ParseGroups([]string{b, a, b}); err != nil || !reflect.DeepEqual(got, []string{b, a}) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ParseGroups(nil); err != nil || got != nil {
		t.Errorf("no groups: got %q, %v", got, err)
	}
}
