// SPDX-License-Identifier: Apache-2.0

package story

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestLeakFindsASecretInEveryForm(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	for pad := range 6 {
		around := []byte(strings.Repeat("p", pad) + secret + "quite a tail of other bytes")
		texts := map[string]string{
			"raw":     "it is " + string(around),
			"base64":  base64.StdEncoding.EncodeToString(around),
			"hex":     hex.EncodeToString(around),
			"hexdump": hex.Dump(around),
			"decimal": fmt.Sprint(around),
		}
		for form, text := range texts {
			if got := Leak(text, secret); got == "" || got == "raw" && form != "raw" && form != "hexdump" {
				t.Errorf("%s with %d bytes before: found as %q", form, pad, got)
			}
		}
	}
}

func TestLeakFindsNothingWithoutASecret(t *testing.T) {
	t.Parallel()
	text := "request body hidden\n" + hex.Dump([]byte("nothing to see here, and quite a lot of it")) + base64.StdEncoding.EncodeToString([]byte("0123456789ab-different"))
	if form := Leak(text, "0123456789abcdef"); form != "" {
		t.Errorf("found as %q", form)
	}
}
