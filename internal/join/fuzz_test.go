// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/hex"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/token"
)

// FuzzCommand prints commands and reads them back: through Paste, and through the shells that operators paste into.
func FuzzCommand(f *testing.F) {
	f.Add(false, "cp.example.com", uint16(6443), []byte("abcdef0123456789abcdef"), []byte{}, []byte{}, "member1")
	f.Add(true, "2001:db8::1", uint16(443), []byte(nil), make([]byte, 64), make([]byte, 32), "")
	f.Add(true, "10.0.0.1", uint16(1), []byte("z"), make([]byte, 32), []byte(nil), "a")
	f.Add(false, "CP.Example.com.", uint16(65535), []byte{255}, make([]byte, 96), []byte(nil), "-")
	f.Fuzz(func(t *testing.T, kubeadm bool, host string, port uint16, credential, pins, certificateKey []byte, name string) {
		c := Command{Joiner: Karmada, Endpoint: Endpoint{"cp.example.com", 6443}, Token: tokenOf(t, credential)}
		if kubeadm {
			c.Joiner = Kubeadm
		}
		if endpoint, err := newEndpoint(host, "6443"); err == nil && port > 0 {
			endpoint.Port = int(port)
			c.Endpoint = endpoint
		}
		if member, err := ParseClusterName(name); err == nil && !kubeadm {
			c.ClusterName = member
		}
		for pin := range slices.Chunk(pins, 32) {
			if parsed, err := ParsePin("sha256:" + hex.EncodeToString(pin)); err == nil {
				c.Pins = append(c.Pins, parsed)
			}
		}
		if kubeadm && len(certificateKey) == 32 {
			if err := c.CertificateKey.UnmarshalText([]byte(hex.EncodeToString(certificateKey))); err != nil {
				t.Fatal(err)
			}
		}

		parsed, err := Paste(c.Args())
		if err != nil || len(parsed.Faults) > 0 || !reflect.DeepEqual(parsed.Command, c) {
			t.Fatalf("%q is parsed as %q, %v", c.Args(), parsed.Args(), err)
		}
		for _, shell := range shells(t) {
			if got := split(t, shell, c.Line()); !reflect.DeepEqual(got, c.Args()) {
				t.Fatalf("%s splits %s into %q", shell, c.Line(), got)
			}
		}
	})
}

// FuzzParseClusterName holds the rule against Karmada's, spelt otherwise.
func FuzzParseClusterName(f *testing.F) {
	for _, seed := range []string{"", "a", "member1", "-a", "a-", "a.b", "A", "a\n", "é", strings.Repeat("a", 48), strings.Repeat("a", 49)} {
		f.Add(seed)
	}
	rule := regexp.MustCompile(`\A[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?\z`)
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseClusterName(text)
		if (err == nil) != rule.MatchString(text) || err == nil && string(name) != text || err != nil && name != "" {
			t.Fatalf("%q is parsed as %q, %v", text, name, err)
		}
	})
}

// FuzzQuote has shells read arbitrary words.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a", "it's", "'", "''", `\`, `\'`, "a b", "$HOME", "`id`", "!x", "~", "*", "[a]", "-n", "#", "a\nb", "é\xff", "{a,b}", "a=b"} {
		f.Add(seed, "'"+seed)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		const most = 1 << 10
		words := []string{"x"}
		for _, word := range []string{one, other} {
			if !strings.Contains(word, "\x00") && len(word) < most {
				words = append(words, word)
			}
		}
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = Quote(word)
		}
		for _, shell := range shells(t) {
			if got := split(t, shell, strings.Join(quoted, " ")); !reflect.DeepEqual(got, words) {
				t.Fatalf("%s splits %q into %q, not %q", shell, quoted, got, words)
			}
		}
	})
}

// tokenOf returns a token made of arbitrary bytes.
func tokenOf(t *testing.T, text []byte) token.Token {
	t.Helper()
	tok, err := token.Generate(strings.NewReader(string(text) + strings.Repeat("\x00", 22*(len(text)/22+2))))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// shells returns the POSIX shells of this machine; there is at least sh.
func shells(t *testing.T) []string {
	t.Helper()
	out := []string{"sh"}
	for _, name := range []string{"bash", "dash"} {
		if _, err := exec.LookPath(name); err == nil {
			out = append(out, name)
		}
	}
	return out
}

// split splits a line with a shell.
func split(t *testing.T, shell, line string) []string {
	t.Helper()
	run := exec.CommandContext(t.Context(), shell, "-c", "set -- "+line+"\n"+`printf '%s\0' "$@"`)
	run.Env = []string{"LC_ALL=C"} // it runs here, where a pattern finds files to match
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%s: %v", shell, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}
