// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestTextHidesKnownValuesInEveryForm(t *testing.T) {
	t.Parallel()
	const password = `p@ss/w%rd "x"`
	r := New()
	r.Hide(password, "p@ss/w%rd", "", "abc", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n", "main")
	for text, want := range map[string]string{
		"raw " + password + ".":                         "raw <hidden>.",
		"the shorter p@ss/w%rd":                         "the shorter <hidden>",
		fmt.Sprintf("quoted %q", password):              `quoted "<hidden>"`,
		"query " + url.QueryEscape(password):            "query <hidden>",
		"path " + url.PathEscape(password):              "path <hidden>",
		"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN\\n": "-----BEGIN PRIVATE KEY-----\\n<hidden>\\n",
		"xBgkqhkiG9w0Bx":                                "x<hidden>x",
		"abc":                                           "abc",
		"main is no part of domain, main":               "<hidden> is no part of domain, <hidden>",
		"twice p@ss/w%rdp@ss/w%rd":                      "twice <hidden><hidden>",
		"mai":                                           "mai",
	} {
		got := r.Text(text)
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := r.Text(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	}
}

// A webhook can encode what it sends back, alone or as a part of a larger text.
func TestTextHidesSecretsThatAreEncoded(t *testing.T) {
	t.Parallel()
	const secret = `q8"&<>0123456789~~?`
	asJSON, _ := json.Marshal(secret)
	r := New()
	r.HideEncoded(secret)
	for _, encode := range []func([]byte) string{
		func(text []byte) string { return string(text) },
		hex.EncodeToString,
		func(text []byte) string { return strings.ToUpper(hex.EncodeToString(text)) },
		base64.StdEncoding.EncodeToString,
		base64.URLEncoding.EncodeToString,
	} {
		for _, text := range []string{secret, "a" + secret + "b", "ab" + secret, secret + "a", "abc" + secret + "abc"} {
			encoded := encode([]byte(text))
			got := r.Text("denied: " + encoded)
			shown := strings.TrimSuffix(strings.TrimPrefix(got, "denied: "), "=")
			if !strings.Contains(got, hidden) || len(strings.ReplaceAll(shown, hidden, "")) > len(encoded)-len(encode([]byte(secret)))+4 {
				t.Errorf("%s: got %s", encoded, got)
			}
		}
	}
	for _, text := range []string{string(asJSON), url.QueryEscape(secret), url.PathEscape(secret), fmt.Sprintf("%q", secret)} {
		if got := r.Text(text); strings.Trim(got, `"`) != hidden {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

func TestTextHidesUserinfoInURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://u:p@h:6443/api":           "https://<hidden>@h:6443/api",
		`parse "https://u:p%zz@h": bad`:    `parse "https://<hidden>@h": bad`,
		"ftp://u:p@s@h":                    "ftp://<hidden>@h",
		"https://token@h and http://h/a@b": "https://<hidden>@h and http://h/a@b",
		"https://h:6443?mail=a@b":          "https://h:6443?mail=a@b",
	} {
		if got := New().Text(text); got != want || New().Text(got) != got {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestHideAndTextRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	r := New()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			value := fmt.Sprintf("opaque-value-%d-", i)
			r.Hide(value)
			if got := r.Text("is " + value); strings.Contains(got, value) {
				t.Errorf("got %s", got)
			}
		})
	}
	group.Wait()
}

func TestOnlyAWholeHostIsAToken(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"aaaa08.0123456789abcdef": true, "AAAA08.0123456789ABCDEF": true, "aaaa08.0123456789abcdef.": true,
		"aaaa08.0123456789abcdef.example.com": false, "aaaa08.0123456789abcde": false, "./aaaa08.0123456789abcdef": false, "": false,
	} {
		if IsToken(word) != want {
			t.Errorf("%q: got %v", word, !want)
		}
	}
}
