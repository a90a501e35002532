// SPDX-License-Identifier: Apache-2.0

package join

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/story"
)

func TestACertificateKeyIs64HexDigits(t *testing.T) {
	t.Parallel()
	for _, given := range []string{key, strings.ToUpper(key)} {
		var k CertificateKey
		if err := k.UnmarshalText([]byte(given)); err != nil {
			t.Errorf("UnmarshalText(%q): %v", given, err)
		}
	}
	var none CertificateKey
	for _, given := range []string{"", key[:63], key[:62], key + "00", key[:63] + "g", " " + key, key + "\n", "abcdef." + secret} {
		var k CertificateKey
		err := k.UnmarshalText([]byte(given))
		if err == nil || k != none {
			t.Errorf("UnmarshalText(%q) is taken", given)
		} else if given != "" && strings.Contains(err.Error(), given) {
			t.Errorf("UnmarshalText(%q) says %q", given, err)
		}
	}
}

func TestACertificateKeyNeverShows(t *testing.T) {
	t.Parallel()
	c := command(t, Kubeadm, key, pinA)
	type private struct{ key CertificateKey }
	type nested struct{ command Command }
	for name, value := range map[string]any{
		"itself":                  c.CertificateKey,
		"pointer":                 &c.CertificateKey,
		"command":                 c,
		"pointer to a command":    &c,
		"commands":                []Command{c},
		"private field":           private{c.CertificateKey},
		"command in a private":    nested{c},
		"map":                     map[string]CertificateKey{"key": c.CertificateKey},
		"pointer to a private":    &private{c.CertificateKey},
		"error about the command": fmt.Errorf("run %v", c),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d"} {
			found(t, name+" with "+verb, fmt.Sprintf(verb, value))
		}
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "value", value)
		found(t, name+" in a log", logged.String())
		text, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		found(t, name+" as JSON", string(text))
	}
}

func TestACertificateKeyShowsWhetherItIsThere(t *testing.T) {
	t.Parallel()
	c := command(t, Kubeadm, key)
	var none CertificateKey
	if got := c.CertificateKey.String(); got != "<hidden>" {
		t.Errorf("got %q", got)
	}
	if got := none.String(); got != "" {
		t.Errorf("none shows as %q", got)
	}
}

// found fails the test where a text shows the certificate key or the token secret.
func found(t *testing.T, where, text string) {
	t.Helper()
	for _, hidden := range []string{key, secret} {
		if form := story.Leak(text, hidden); form != "" {
			t.Errorf("%s shows a secret as %s", where, form)
		}
	}
}
