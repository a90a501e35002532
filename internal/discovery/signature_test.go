// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"testing"

	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

func parsed(t testing.TB, text string) token.Token {
	t.Helper()
	tok, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// sign returns the signature that the bootstrap signer adds to cluster-info for a token.
func sign(t testing.TB, content string, tok token.Token) string {
	t.Helper()
	signature, err := jws.ComputeDetachedSignature(content, tok.ID, tok.Secret())
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func TestSignatureIsCheckedAsAJoinerChecksIt(t *testing.T) {
	t.Parallel()
	tok := parsed(t, "abcdef.0123456789abcdef")
	other := parsed(t, "abcdef.fedcba9876543210")
	text := kubeconfig(t, "https://a:1", newAuthority(t).pem)
	valid := sign(t, text, tok)
	for name, test := range map[string]struct {
		signatures map[string]string
		want       Signature
	}{
		"none":                          {nil, Unsigned},
		"of another ID":                 {map[string]string{"fedcba": valid}, Unsigned},
		"empty":                         {map[string]string{"abcdef": ""}, Unsigned},
		"valid":                         {map[string]string{"abcdef": valid}, Signed},
		"valid beside another":          {map[string]string{"abcdef": valid, "fedcba": "x"}, Signed},
		"by another secret":             {map[string]string{"abcdef": sign(t, text, other)}, Mismatched},
		"of what cluster-info was once": {map[string]string{"abcdef": sign(t, text+"\n", tok)}, Mismatched},
		"not detached":                  {map[string]string{"abcdef": valid[:20] + ".e30." + valid[20:]}, Mismatched},
		"with a newline":                {map[string]string{"abcdef": valid + "\n"}, Mismatched},
		"garbage":                       {map[string]string{"abcdef": "garbage"}, Mismatched},
		"unsigned algorithm":            {map[string]string{"abcdef": "eyJhbGciOiJub25lIn0.."}, Mismatched},
	} {
		info := &ClusterInfo{Kubeconfig: text, Signatures: test.signatures}
		if got := info.Signature(tok); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

// FuzzClusterInfo parses what a man in the middle may write: only content that was signed with the token counts as signed.
func FuzzClusterInfo(f *testing.F) {
	ca := newAuthority(f)
	tok := parsed(f, "abcdef.0123456789abcdef")
	for _, one := range kubeconfigs {
		text := one.config(ca.pem)
		f.Add(text, sign(f, text, tok), "abcdef")
		f.Add(text, "eyJhbGciOiJub25lIn0..", "fedcba")
	}
	f.Add("\x00", "\xff", "")
	f.Fuzz(func(t *testing.T, text, signature, id string) {
		genuine := sign(t, text, tok)
		for _, joiner := range []join.Joiner{join.Karmada, join.Kubeadm} {
			info, err := parse(map[string]string{"kubeconfig": text, "jws-kubeconfig-" + id: signature}, joiner)
			if err != nil {
				if info != nil {
					t.Fatalf("got %+v and %v", info, err)
				}
				continue
			}
			if got, want := info.Signature(tok) == Signed, id == "abcdef" && signature == genuine; got != want {
				t.Fatalf("signed: %v, want %v: %q as %q", got, want, signature, id)
			}
			info.Signatures["abcdef"] = genuine
			if info.Signature(tok) != Signed {
				t.Fatalf("the genuine signature of %q is not taken", text)
			}
			if info.Kubeconfig += " "; info.Signature(tok) == Signed {
				t.Fatalf("the signature of %q is taken for another content", text)
			}
			if len(info.Certificates) == 0 || len(info.Pins()) == 0 {
				t.Fatalf("it is accepted without an authority: %q", text)
			}
			for _, pin := range info.Pins() {
				if again, err := join.ParsePin(string(pin)); err != nil || again != pin {
					t.Fatalf("pin %q: %v", pin, err)
				}
			}
		}
	})
}
