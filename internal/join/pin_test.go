// SPDX-License-Identifier: Apache-2.0

package join

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

const digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// The certificate and its pin were made with openssl, by the recipe of kubeadm's documentation:
//
//	openssl x509 -pubkey -in ca.pem | openssl pkey -pubin -outform DER | openssl dgst -sha256
func TestPinOfEqualsTheRecipeOfKubeadm(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := PinOf(ca), Pin("sha256:75b1a07e74dbfd8bfa7282a65d7c64175e2e658303238f49ff753db21a944390"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a certificate says besides its key does not count: a renewed CA keeps its pin.
func TestPinOfIsOfTheKeyAlone(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	// SubjectPublicKeyInfo by hand (RFC 5480): id-ecPublicKey with the curve P-256, and the point.
	type algorithm struct{ Key, Curve asn1.ObjectIdentifier }
	info, err := asn1.Marshal(struct {
		Algorithm algorithm
		Point     asn1.BitString
	}{
		algorithm{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}},
		asn1.BitString{Bytes: point, BitLength: 8 * len(point)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Pin(fmt.Sprintf("sha256:%x", sha256.Sum256(info)))
	for serial, name := range []string{"old", "new"} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(serial + 1)),
			Subject:      pkix.Name{CommonName: name},
			NotAfter:     time.Date(2030+serial, 1, 1, 0, 0, 0, 0, time.UTC),
			IsCA:         true,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		ca, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if got := PinOf(ca); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestParsePinTakesHexOfEitherCase(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"sha256:" + digits, "sha256:" + strings.ToUpper(digits)} {
		if pin, err := ParsePin(given); err != nil || pin != "sha256:"+digits {
			t.Errorf("ParsePin(%q) = %q, %v", given, pin, err)
		}
	}
}

func TestParsePinRefusesWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"",
		"sha256:",
		digits,
		"sha1:" + digits,
		"SHA256:" + digits,
		"sha256:" + digits[:63],
		"sha256:" + digits[:62],
		"sha256:" + digits + "00",
		"sha256:" + digits[:63] + "g",
		"sha256: " + digits,
		"sha256:" + digits + "\n",
		"sha256:" + digits + ",sha256:" + digits,
		"abcdef.0123456789abcdef",
	} {
		pin, err := ParsePin(given)
		if err == nil || pin != "" {
			t.Errorf("ParsePin(%q) = %q", given, pin)
		} else if len(given) > 7 && strings.Contains(err.Error(), given) {
			t.Errorf("ParsePin(%q) says %q", given, err)
		}
	}
}

func TestAPinIsParsedFromText(t *testing.T) {
	t.Parallel()
	var pin Pin
	if err := pin.UnmarshalText([]byte("sha256:" + strings.ToUpper(digits))); err != nil || pin != "sha256:"+digits {
		t.Errorf("got %q, %v", pin, err)
	}
	if err := pin.UnmarshalText([]byte("nonsense")); err == nil || pin != "sha256:"+digits {
		t.Errorf("nonsense is taken as %q, %v", pin, err)
	}
	if text, err := pin.MarshalText(); err != nil || string(text) != string(pin) {
		t.Errorf("it is written as %q, %v", text, err)
	}
}
