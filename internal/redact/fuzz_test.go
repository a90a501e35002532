// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// FuzzText surrounds a token with other text, as logs and errors do.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", " ", `"`, `\n`, "\n", "_", ".", "-", "/", "A", "é", "\xff", "token=", "Bearer ", "abcdef.", fullToken + ",", jwt, jwt + "-"} {
		f.Add(seed, "")
		f.Add("", seed)
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if end := len(before); end > 0 && isTokenChar(before[end-1]) && !strings.HasSuffix(before, `\n`) {
			before += " " // the start of a token in a longer word is ambiguous
		}
		if after != "" && isTokenChar(after[0]) {
			after = " " + after
		}
		clean := New().Text(before + fullToken + after)
		if strings.Contains(clean, tokenSecret) && !strings.Contains(before+after, tokenSecret) {
			t.Fatalf("%q + token + %q becomes %q", before, after, clean)
		}
		if again := New().Text(clean); again != clean {
			t.Fatalf("%q becomes %q, and then %q", before+fullToken+after, clean, again)
		}
	})
}

func isTokenChar(char byte) bool { return char >= 'a' && char <= 'z' || char >= '0' && char <= '9' }

// FuzzHideEncoded puts a known secret in every form into other text, as the error of an admission webhook does.
func FuzzHideEncoded(f *testing.F) {
	for _, secret := range []string{"0123456789abcdef", "aaaaaaaa", "a+/=b?&%c\"\\d'e", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "<hidden>"} {
		for _, around := range []string{"", " ", `"`, "A", "MDEy", "%", "\\u", "é", "\xff", "0123456789abcde", secret, secret[1:], secret[:len(secret)-1]} {
			f.Add(secret, around, "")
			f.Add(secret, "", around)
			f.Add(secret, around, around)
		}
	}
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < shortestPart || len(secret) > 64 || strings.HasPrefix(secret, "-----") || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Skip() // no secret of a token or a kubeconfig
		}
		r := New()
		r.HideEncoded(secret)
		for form, text := range encodedForms(secret) {
			if strings.Contains(before+after, text) || strings.Contains(before+after, secret) || strings.Contains(hidden, text) {
				continue
			}
			if clean := r.Text(before + text + after); strings.Contains(clean, text) {
				t.Errorf("%s of %q in %q + … + %q is shown: %q", form, secret, before, after, clean)
			}
		}
	})
}

func encodedForms(secret string) map[string]string {
	asJSON, _ := json.Marshal(secret)
	forms := map[string]string{
		"raw": secret, "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"JSON": string(asJSON), "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
	}
	for before := range 3 {
		around := strings.Repeat("p", before) + secret + "quite a tail"
		forms[fmt.Sprintf("base64 after %d", before)] = base64.StdEncoding.EncodeToString([]byte(around))
		forms[fmt.Sprintf("URL base64 after %d", before)] = base64.RawURLEncoding.EncodeToString([]byte(around))
	}
	return forms
}
