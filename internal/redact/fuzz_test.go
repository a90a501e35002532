// SPDX-License-Identifier: Apache-2.0

package redact

import (
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
