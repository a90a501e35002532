// SPDX-License-Identifier: Apache-2.0

package story

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// Leak searches a text for a secret and returns the form it finds: raw, base64 at any of its three alignments, hex,
// decimal bytes, or hexdump for a secret split over the lines of a hexdump. It returns "" if the text does not contain the secret.
func Leak(text, secret string) string {
	if strings.Contains(text, secret) {
		return "raw"
	}
	for pad := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + secret))
		// The first and last characters depend on the bytes next to the secret.
		if core := encoded[(pad*8+5)/6 : len(encoded)-2]; strings.Contains(text, core) {
			return "base64"
		}
	}
	decimal := strings.Trim(fmt.Sprint([]byte(secret)), "[]") // as fmt shows bytes
	if strings.Contains(strings.ReplaceAll(text, ",", " "), decimal) {
		return "decimal"
	}
	compact := strings.NewReplacer(" ", "", ":", "", "\n", "").Replace(strings.ToLower(text))
	if strings.Contains(compact, hex.EncodeToString([]byte(secret))) {
		return "hex"
	}
	var ascii, bytes strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^\s*[0-9a-f]{8}  ((?:[0-9a-f]{2} +)+) *\|(.*)\|$`).FindAllStringSubmatch(text, -1) {
		bytes.WriteString(strings.ReplaceAll(line[1], " ", ""))
		ascii.WriteString(line[2])
	}
	if strings.Contains(ascii.String(), secret) || strings.Contains(bytes.String(), hex.EncodeToString([]byte(secret))) {
		return "hexdump"
	}
	return ""
}
