// SPDX-License-Identifier: Apache-2.0

package token

import "testing"

func TestParseRefTakesEveryFormThatOperatorsHaveAtHand(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]struct{ name, id, text string }{
		"abcdef":                         {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"abcdef.0123456789abcdef":        {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"bootstrap-token-abcdef":         {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"secret/bootstrap-token-abcdef":  {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"bootstrap-token-old":            {"bootstrap-token-old", "", "bootstrap-token-old"},
		"secret/bootstrap-token-too-odd": {"bootstrap-token-too-odd", "", "bootstrap-token-too-odd"},
		"bootstrap-token-abcdef.bak":     {"bootstrap-token-abcdef.bak", "", "bootstrap-token-abcdef.bak"},
	} {
		ref, err := ParseRef(given)
		if err != nil || ref.Name != want.name || ref.ID() != want.id || ref.String() != want.text {
			t.Errorf("ParseRef(%q) = %q with ID %q shown as %q, %v", given, ref.Name, ref.ID(), ref, err)
		}
	}
}

func TestParseRefRefusesWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"",
		"abcde",
		"ABCDEF",
		"abcdef.",
		"abcdef.0123456789abcde",   // a token that lost its last letter
		"abcdef.0123456789abcdef1", // one with a letter too many
		"ABCDEF.0123456789ABCDEF",
		"0123456789abcdef", // a secret alone
		"bootstrap-token-",
		"secret/",
		"secret/abcdef",
		"secret/coredns",
		"bootstrap-token-abcdef.0123456789abcdef", // what a paste gone wrong gives
		"secret/bootstrap-token-abcdef.0123456789abcdef",
		"secret/secret/bootstrap-token-abcdef",
		"configmap/bootstrap-token-abcdef",
		"kube-system/bootstrap-token-abcdef",
		"bootstrap-token-abcdef/../../configmaps", // no Secret has such a name
		"bootstrap-token-ABCDEF",
		"bootstrap-token-abcdef ",
	} {
		ref, err := ParseRef(given)
		if err == nil || err.Error() != ErrBadRef.Error() || ref != (Ref{}) {
			t.Errorf("ParseRef(%q) = %q, %v", given, ref.Name, err)
		}
	}
}

func TestRefToNamesTheSecretOfAToken(t *testing.T) {
	t.Parallel()
	if got := RefTo("abcdef"); got.Name != "bootstrap-token-abcdef" || got.ID() != "abcdef" {
		t.Errorf("got %q with ID %q", got.Name, got.ID())
	}
}
