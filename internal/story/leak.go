// SPDX-License-Identifier: Apache-2.0

package story

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// Leak names the form in which a text contains a secret: raw, base64 at any of its three alignments, hex, or split
// over the ASCII column of a hexdump. It returns "" where it does not.
func Leak(text, secret string) string {
	if strings.Contains(text, secret) {
		return "raw"
	}
	for pad := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + secret))
		// The first and last characters depend on what stands beside the secret.
		if core := encoded[(pad*8+5)/6 : len(encoded)-2]; strings.Contains(text, core) {
			return "base64"
		}
	}
	compact := strings.NewReplacer(" ", "", ":", "", "\n", "").Replace(strings.ToLower(text))
	if strings.Contains(compact, hex.EncodeToString([]byte(secret))) {
		return "hex"
	}
	var column, bytes strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^\s*[0-9a-f]{8}  ((?:[0-9a-f]{2} +)+) *\|(.*)\|$`).FindAllStringSubmatch(text, -1) {
		bytes.WriteString(strings.ReplaceAll(line[1], " ", ""))
		column.WriteString(line[2])
	}
	if strings.Contains(column.String(), secret) || strings.Contains(bytes.String(), hex.EncodeToString([]byte(secret))) {
		return "hexdump"
	}
	return ""
}
