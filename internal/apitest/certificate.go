// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// NewCertificate returns a certificate for 127.0.0.1 and localhost, and the new authority (PEM) that signed it.
func NewCertificate(t testing.TB) (config *tls.Config, ca []byte) {
	t.Helper()
	end := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "kube-apiserver"}, NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var signed [2][]byte
	for i, template := range []*x509.Certificate{authority, leaf} {
		if signed[i], err = x509.CreateCertificate(rand.Reader, template, authority, key.Public(), key); err != nil {
			t.Fatal(err)
		}
	}
	served := tls.Certificate{Certificate: signed[1:], PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{served}}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed[0]})
}
