// SPDX-License-Identifier: Apache-2.0

package join

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/joinctl/joinctl/internal/token"
)

const pinType = "sha256:"

// A Pin is the hash of a CA's public key, by which a joiner recognises the control plane: sha256: and 64 hex digits in
// lower case.
type Pin string

// PinOf returns the pin of a certificate: the hash of its SubjectPublicKeyInfo (RFC 7469, 2.4;
// cmd/kubeadm/app/util/pubkeypin).
func PinOf(cert *x509.Certificate) Pin {
	return HashOf(cert.RawSubjectPublicKeyInfo)
}

// HashOf returns a hash in the form of a pin. It is one only if the content is the public key of a CA: see PinOf.
func HashOf(content []byte) Pin {
	sum := sha256.Sum256(content)
	return Pin(pinType + hex.EncodeToString(sum[:]))
}

// ParsePin parses a pin. Like the joiners, it accepts hex digits of either case. It recognises the fingerprint of a
// certificate, and the hash of nothing.
func ParsePin(s string) (Pin, error) {
	digits, ok := strings.CutPrefix(s, pinType)
	if sum, err := hex.DecodeString(strings.ReplaceAll(digits, ":", "")); err == nil && len(sum) == sha256.Size && strings.Contains(digits, ":") {
		return "", errors.New("this is the fingerprint of a certificate, and a CA pin is the hash of its public key: joinctl ca-hash prints it")
	}
	sum, err := hex.DecodeString(digits)
	switch {
	case !ok || err != nil || len(sum) != sha256.Size:
		return "", errors.New("a CA pin is sha256: and 64 hex digits")
	case [sha256.Size]byte(sum) == sha256.Sum256(nil):
		return "", errors.New("this is the hash of nothing: the program that computed it read no certificate; joinctl ca-hash prints the pin")
	}
	return Pin(pinType + strings.ToLower(digits)), nil
}

func isPin(s string) bool {
	_, err := ParsePin(lowerType(s))
	return err == nil
}

func isToken(s string) bool {
	_, err := token.Parse(s)
	return err == nil
}

// UnmarshalText implements encoding.TextUnmarshaler, as ParsePin.
func (p *Pin) UnmarshalText(text []byte) error {
	pin, err := ParsePin(string(text))
	if err == nil {
		*p = pin
	}
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (p Pin) MarshalText() ([]byte, error) { return []byte(p), nil }
