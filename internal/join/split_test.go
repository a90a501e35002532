// SPDX-License-Identifier: Apache-2.0

package join

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplitReadsWhatPeoplePaste(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                               nil,
		" \t\r\n ":                       nil,
		"a b":                            {"a", "b"},
		"a \\\n\tb":                      {"a", "b"},
		"a \\\r\n\tb":                    {"a", "b"},
		"a\\\nb":                         {"ab"},
		"a\nb":                           {"a", "b"},
		"'[::1]:6443' \"x y\" ''":        {"[::1]:6443", "x y", ""},
		`a\ b 'it'\''s' "\"\\\$\x"`:      {"a b", "it's", `"\$\x`},
		"$ kubeadm join [2001:db8::1]:1": {"$", "kubeadm", "join", "[2001:db8::1]:1"},
		"'$HOME' '`id`'":                 {"$HOME", "`id`"},
		"a $":                            {"a", "$"},
	} {
		if got, err := Split(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is split into %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestSplitRefusesWhatAShellWouldDoMoreWith(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"a $TOKEN", `a "$TOKEN"`, "a $(id)", "a `id`", "a | b", "a; b", "a && b", "a > f", "a < f", "(a)", "a 'b", `a "b`, `a \`,
	} {
		if got, err := Split(line); err == nil {
			t.Errorf("%q is split into %q", line, got)
		}
	}
}

// FuzzPaste checks that words are split as a shell does, that no error repeats a word, and that a parsed command is the same
// after it is printed.
func FuzzPaste(f *testing.F) {
	f.Add("karmadactl register a:1 --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA)
	f.Add("$ sudo -E kubeadm join '[2001:db8::1]:1' --token=" + pastedToken + " \\\n --discovery-token-ca-cert-hash \"" + pinA + "\"")
	f.Add("kubectl karmada register a:1 -n x --token bad --discovery-token-ca-cert-hash " + pinA + "," + pinB)
	f.Add("kubeadm join a:1 --v=5 --discovery-token-unsafe-skip-ca-verification=x --token \\" + pastedToken)
	f.Add("kubeadm join \x80 a\xffb")
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err != nil || strings.ContainsAny(line, "\x00*?[~{}!#") || strings.Contains(line, "\r") || len(line) > 1<<12 {
			return
		}
		if flat := strings.ReplaceAll(line, "\\\n", ""); !strings.Contains(flat, "\n") && len(words) > 0 {
			if got := split(t, "sh", line); !reflect.DeepEqual(got, words) {
				t.Fatalf("%q is split into %q, by sh into %q", line, words, got)
			}
		}
		a, err := Paste(words)
		said := append([]error{err}, a.Faults...)
		for _, one := range said {
			for _, word := range words {
				if one != nil && len(word) >= 20 && !strings.HasPrefix(word, "--") && strings.Contains(one.Error(), word) {
					t.Fatalf("%q: an error repeats %q: %v", line, word, one)
				}
			}
		}
		if err != nil || len(a.Faults) > 0 || a.Missing() != nil {
			return
		}
		again, err := Paste(a.Args())
		if err != nil || len(again.Faults) > 0 || !reflect.DeepEqual(again.Command, a.Command) {
			t.Fatalf("%q is parsed as %q, and that as %q, %v", line, a.Args(), again.Args(), err)
		}
	})
}
