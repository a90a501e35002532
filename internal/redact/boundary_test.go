// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestAShortValueIsHiddenAsAWholeWordOnly(t *testing.T) {
	t.Parallel()
	r := New()
	r.Hide("main")
	for _, c := range "09azAZ" {
		for _, text := range []string{"main" + string(c), string(c) + "main"} {
			if got := r.Text(text); got != text {
				t.Errorf("%q becomes %q", text, got)
			}
		}
	}
	for _, c := range "/:@[`{-" {
		for text, want := range map[string]string{"main" + string(c): hidden + string(c), string(c) + "main": string(c) + hidden} {
			if got := r.Text(text); got != want {
				t.Errorf("%q becomes %q, want %q", text, got, want)
			}
		}
	}
}

func TestTheShortestPartIsHiddenWithinWordsAndEncoded(t *testing.T) {
	t.Parallel()
	secret := "q8w9e0r1t2y3u4i5"[:shortestPart]
	r := New()
	r.HideEncoded(secret)
	for _, text := range []string{secret, hex.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret))} {
		if got := r.Text("x" + text + "x"); strings.Contains(got, text) {
			t.Errorf("%s is not hidden: %s", text, got)
		}
	}
}

func TestALogLineWithAKeyAndNoValueIsWritten(t *testing.T) {
	t.Parallel()
	if _, got := New().FilterS("request", []any{"url", "/api", "body"}); len(got) != 3 || got[2] != "body" {
		t.Errorf("got %v", got)
	}
}
