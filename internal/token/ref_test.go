// SPDX-License-Identifier: Apache-2.0

package token

import "testing"

func TestParseRefAcceptsEveryForm(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]struct{ name, id, text string }{
		"abcdef":                          {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"abcdef.0123456789abcdef":         {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"bootstrap-token-abcdef":          {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"secret/bootstrap-token-abcdef":   {"bootstrap-token-abcdef", "abcdef", "abcdef"},
		"bootstrap-token-old":             {"bootstrap-token-old", "", "bootstrap-token-old"},
		"secret/bootstrap-token-too-long": {"bootstrap-token-too-long", "", "bootstrap-token-too-long"},
		"bootstrap-token-abcdef.bak":      {"bootstrap-token-abcdef.bak", "", "bootstrap-token-abcdef.bak"},
	} {
		ref, err := ParseRef(input)
		if err != nil || ref.Name != want.name || ref.ID() != want.id || ref.String() != want.text {
			t.Errorf("ParseRef(%q) = %q with ID %q shown as %q, %v", input, ref.Name, ref.ID(), ref, err)
		}
	}
}

func TestParseRefRejectsWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"",
		"abcde",
		"ABCDEF",
		"abcdef.",
		"abcdef.0123456789abcde",   // a token without its last character
		"abcdef.0123456789abcdef1", // a token with an extra character
		"ABCDEF.0123456789ABCDEF",
		"0123456789abcdef", // only a token secret
		"bootstrap-token-",
		"secret/",
		"secret/abcdef",
		"secret/coredns",
		"bootstrap-token-abcdef.0123456789abcdef", // a token pasted after the prefix
		"secret/bootstrap-token-abcdef.0123456789abcdef",
		"secret/secret/bootstrap-token-abcdef",
		"configmap/bootstrap-token-abcdef",
		"kube-system/bootstrap-token-abcdef",
		"bootstrap-token-abcdef/../../configmaps", // not a valid name of a Secret
		"bootstrap-token-ABCDEF",
		"bootstrap-token-abcdef ",
	} {
		ref, err := ParseRef(input)
		if err == nil || err.Error() != ErrBadRef.Error() || ref != (Ref{}) {
			t.Errorf("ParseRef(%q) = %q, %v", input, ref.Name, err)
		}
	}
}

func TestRefToNamesTheSecretOfATokenID(t *testing.T) {
	t.Parallel()
	if got := RefTo("abcdef"); got.Name != "bootstrap-token-abcdef" || got.ID() != "abcdef" {
		t.Errorf("got %q with ID %q", got.Name, got.ID())
	}
}
