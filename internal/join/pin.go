// SPDX-License-Identifier: Apache-2.0

package join

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
)

const pinType = "sha256:"

// A Pin is the hash of a CA's public key, by which a joiner recognises the control plane: sha256: and 64 hex digits in
// lower case.
type Pin string

// PinOf returns the pin of a certificate: the hash of its SubjectPublicKeyInfo (RFC 7469, 2.4;
// cmd/kubeadm/app/util/pubkeypin).
func PinOf(cert *x509.Certificate) Pin {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return Pin(pinType + hex.EncodeToString(sum[:]))
}

// ParsePin parses a pin. Like the joiners, it accepts hex digits of either case.
func ParsePin(s string) (Pin, error) {
	digits, ok := strings.CutPrefix(s, pinType)
	if sum, err := hex.DecodeString(digits); !ok || err != nil || len(sum) != sha256.Size {
		return "", errors.New("a CA pin is sha256: and 64 hex digits")
	}
	return Pin(pinType + strings.ToLower(digits)), nil
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
