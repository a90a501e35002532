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

// A CertificateKey decrypts the certificates that kubeadm uploaded for further control plane nodes. It is a secret, and
// can be logged: only Reveal shows it. It has the methods of a flag value.
type CertificateKey struct {
	key unique.Handle[string]
}

// IsZero reports whether k is no key at all.
func (k CertificateKey) IsZero() bool { return k == CertificateKey{} }

// Reveal returns the key, "" for the zero CertificateKey.
func (k CertificateKey) Reveal() string {
	if k.IsZero() {
		return ""
	}
	return k.key.Value()
}

// Set implements a flag value.
func (k *CertificateKey) Set(s string) error {
	if key, err := hex.DecodeString(s); err != nil || len(key) != certificateKeySize {
		return errors.New("a certificate key is 64 hex digits, as kubeadm init phase upload-certs prints them")
	}
	k.key = unique.Make(s)
	return nil
}

// String implements a flag value; it hides the key.
func (k CertificateKey) String() string {
	if k.IsZero() {
		return ""
	}
	return "<hidden>"
}

// Type implements a flag value.
func (k CertificateKey) Type() string { return "key" }
