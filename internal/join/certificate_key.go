// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/hex"
	"errors"
	"unique"
)

// certificateKeySize is the length of kubeadm's certificate key, an AES-256 key, in bytes
// (cmd/kubeadm/app/constants/constants.go).
const certificateKeySize = 32

// A CertificateKey decrypts the certificates that kubeadm uploaded for further control plane nodes. It is a secret that
// never shows in logs or documents: only Reveal returns it.
type CertificateKey struct {
	key unique.Handle[string]
}

// IsZero reports whether k is empty.
func (k CertificateKey) IsZero() bool { return k == CertificateKey{} }

// Reveal returns the key, "" for the zero CertificateKey.
func (k CertificateKey) Reveal() string {
	if k.IsZero() {
		return ""
	}
	return k.key.Value()
}

// UnmarshalText implements encoding.TextUnmarshaler: it parses the 64 hex digits of the key. The error does not repeat them.
func (k *CertificateKey) UnmarshalText(text []byte) error {
	if key, err := hex.DecodeString(string(text)); err != nil || len(key) != certificateKeySize {
		return errors.New("must be 64 hex digits, as kubeadm init phase upload-certs prints them")
	}
	k.key = unique.Make(string(text))
	return nil
}

// MarshalText implements encoding.TextMarshaler. It hides the key, as String does.
func (k CertificateKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// String returns a placeholder for the key, "" for the zero CertificateKey.
func (k CertificateKey) String() string {
	if k.IsZero() {
		return ""
	}
	return "<hidden>"
}
