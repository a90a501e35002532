// SPDX-License-Identifier: Apache-2.0

package token

import "testing"

func TestParseAcceptsExactlyTheServersForm(t *testing.T) {
	t.Parallel()
	const id, secret = "abcdef", "0123456789abcdef"
	tok, err := Parse(id + "." + secret)
	if err != nil {
		t.Fatal(err)
	}
	if tok.ID != id || tok.Secret() != secret || tok.Reveal() != id+"."+secret {
		t.Errorf("got %q, %q, %q", tok.ID, tok.Secret(), tok.Reveal())
	}
	if tok.IsZero() {
		t.Error("a parsed token is zero")
	}
}

func TestParseNeverEchoesItsInput(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"",
		".",
		"abcdef",
		"abcdef.",
		".0123456789abcdef",
		"abcdef.0123456789abcde",   // a short secret
		"abcdef.0123456789abcdef0", // a long secret
		"abcde.0123456789abcdef",
		"abcdefg.0123456789abcdef",
		"ABCDEF.0123456789abcdef",
		"abcdef.0123456789ABCDEF",
		"abcdef-0123456789abcdef",
		"abcdef.0123456789abcdef\n",
		" abcdef.0123456789abcdef",
		"abcdef.0123456.89abcdef",
		"abcdef.0123456789abcd\xc3\xa9",
		"äbcdef.0123456789abcdef",
		"abcdef.0123456789abcdef.0123456789abcdef",
	} {
		tok, err := Parse(input)
		if err == nil || err.Error() != ErrMalformed.Error() || !tok.IsZero() {
			t.Errorf("Parse(%q) = %v, %v", input, tok, err)
		}
	}
}

func TestTheZeroTokenIsZeroAndHasNoSecret(t *testing.T) {
	t.Parallel()
	var none Token
	if !none.IsZero() || none.Secret() != "" {
		t.Errorf("IsZero() = %v, Secret() = %q", none.IsZero(), none.Secret())
	}
}

func TestTokensAreEqualWhenBothHalvesAre(t *testing.T) {
	t.Parallel()
	one := mustParse(t, "abcdef.0123456789abcdef")
	if same := mustParse(t, "abcdef.0123456789abcdef"); one != same {
		t.Error("the same text gives two tokens")
	}
	for _, other := range []string{"abcdeg.0123456789abcdef", "abcdef.0123456789abcdeg"} {
		if one == mustParse(t, other) {
			t.Errorf("%s equals %s", one.Reveal(), other)
		}
	}
}

func TestLooksLikeRecognisesMalformedTokensToo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"abcdef.0123456789abcdef":   true,
		"ABCDEF.0123456789ABCDEF":   true,
		"abcde.0123456789abcdef":    true,
		"abcdefg.0123456789abcdef1": true,
		"abcdef.0123456789abcde":    true,
		"abcdef":                    false,
		"0123456789abcdef":          false,
		"bootstrap-token-abcdef":    false,
		"prod.example.com":          false,
		"":                          false,
	} {
		if got := LooksLike(text); got != want {
			t.Errorf("LooksLike(%q) = %v", text, got)
		}
	}
}

// mustParse parses a token.
func mustParse(tb testing.TB, text string) Token {
	tb.Helper()
	tok, err := Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return tok
}
