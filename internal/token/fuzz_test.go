// SPDX-License-Identifier: Apache-2.0

package token

import (
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	bootstraptokens "k8s.io/cluster-bootstrap/util/tokens"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", ".", "abcdef.0123456789abcdef", "abcdef.0123456789abcde", "abcdef.0123456789abcdef\n", "ABCDEF.0123456789ABCDEF",
		"abcdef.0123456789abcd\xc3\xa9", "äbcde.0123456789abcdef",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tok, err := Parse(text)
		id, secret, serverErr := bootstraptokens.ParseToken(text)
		if (err == nil) != (serverErr == nil) {
			t.Fatalf("Parse(%q): %v, and the server's own function: %v", text, err, serverErr)
		}
		if err != nil && err.Error() != ErrMalformed.Error() {
			t.Fatalf("Parse(%q) says %q", text, err)
		}
		if err == nil && (tok.ID != id || tok.Secret() != secret || tok.Reveal() != text) {
			t.Fatalf("Parse(%q) = %s . %s", text, tok.ID, tok.Secret())
		}
	})
}

// FuzzSecretDecode feeds Evaluate and Decode with arbitrary Secrets: the API server does not validate them.
func FuzzSecretDecode(f *testing.F) {
	const name, kind = "bootstrap-token-abcdef", "bootstrap.kubernetes.io/token"
	add := func(name, kind, id, secret, expiration, groups, sign, auth, description string) {
		f.Add(name, kind, []byte(id), []byte(secret), []byte(expiration), []byte(groups), []byte(sign), []byte(auth), []byte(description), true, uint64(63934556645), 90, false)
	}
	add(name, kind, "abcdef", "0123456789abcdef", "2028-01-01T00:00:00Z", "system:bootstrappers:a", "true", "true", "x")
	add(name, kind, "abcdef", "0123456789abcdef", "2028-01-01T00:00:00Z\n", "", "true", "True", "")
	add(name, kind, "abcdef", "0123456789abcdef\n", "2001-01-01T00:00:00+01:00", "foo,", "", "true", "")
	add(name, "Opaque", "fedcba", "", "", "system:bootstrappers:a,system:bootstrappers:b", "", "", "two\nlines")
	f.Add("", "", []byte(nil), []byte(nil), []byte(nil), []byte(nil), []byte(nil), []byte(nil), []byte(nil), true, uint64(0), 0, true)
	f.Add("a", "b", []byte{0xff}, []byte{0}, []byte("9"), []byte(","), []byte("1"), []byte("2"), []byte("\xff"), false, uint64(1), -720, false)

	f.Fuzz(func(t *testing.T, name, kind string, id, secret, expiration, groups, sign, auth, description []byte, expires bool, seconds uint64, zone int, beingDeleted bool) {
		stored := &corev1.Secret{Type: corev1.SecretType(kind), Data: map[string][]byte{
			"token-id": id, "token-secret": secret, "expiration": expiration, "auth-extra-groups": groups,
			"usage-bootstrap-signing": sign, "usage-bootstrap-authentication": auth, "description": description,
		}}
		stored.Name = name
		if beingDeleted {
			deleted(stored)
		}
		checkAgainstServer(t, stored, serverNow)
		checkAgainstServer(t, stored, sinceYearOne(seconds))
		if tok, _, err := Decode(stored); err == nil && tok.Reveal() != string(id)+"."+string(secret) {
			t.Fatalf("%q . %q is decoded as %s", id, secret, tok.Reveal())
		}

		canonical := canonicalSecret(id, secret, groups, description, len(sign)%2 == 0, len(auth)%2 == 0)
		if expires {
			canonical.Data["expiration"] = []byte(sinceYearOne(seconds).In(minutesEast(zone)).Format(time.RFC3339))
		}
		tok, spec, err := Decode(canonical)
		if err != nil {
			t.Fatalf("%q is not decoded: %v", canonical.Data, err)
		}
		if again := Encode(tok, spec); !reflect.DeepEqual(again, canonical) {
			t.Fatalf("Encode after Decode differs:\n%q\n%q", canonical.Data, again.Data)
		}
	})
}

// canonicalSecret returns a well-formed Secret from arbitrary bytes, without the use of Encode.
func canonicalSecret(id, secret, groups, description []byte, sign, auth bool) *corev1.Secret {
	tokenID := inAlphabet(id, 6)
	out := &corev1.Secret{Type: "bootstrap.kubernetes.io/token", Data: map[string][]byte{
		"token-id": []byte(tokenID), "token-secret": []byte(inAlphabet(secret, 16)),
	}}
	out.APIVersion, out.Kind, out.Name, out.Namespace = "v1", "Secret", "bootstrap-token-"+tokenID, "kube-system"
	out.Labels = map[string]string{"app.kubernetes.io/managed-by": "joinctl"}
	if sign {
		out.Data["usage-bootstrap-signing"] = []byte("true")
	}
	if auth {
		out.Data["usage-bootstrap-authentication"] = []byte("true")
	}
	if joined := strings.Trim(string(groups), ","); joined != "" {
		out.Data["auth-extra-groups"] = []byte(joined)
	}
	if len(description) > 0 {
		out.Data["description"] = description
	}
	return out
}

// sinceYearOne returns a time that RFC 3339 can represent.
func sinceYearOne(seconds uint64) time.Time {
	const first, span = -62135596800, 9000 * 365 * 24 * 60 * 60
	return time.Unix(first+int64(seconds%span), 0).UTC()
}

// minutesEast returns a time zone east of Greenwich or UTC: west of it the year 1 starts in the year 0.
func minutesEast(minutes int) *time.Location {
	if minutes = minutes % (12 * 60); minutes <= 0 {
		return time.UTC
	}
	return time.FixedZone("", minutes*60)
}

// inAlphabet maps bytes to n characters of the token alphabet.
func inAlphabet(text []byte, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = '0'
		if i < len(text) {
			out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[text[i]%36]
		}
	}
	return string(out)
}
