// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// signature is the third part of every JWT here: tests search for it in output that must not contain a credential.
const signature = "c2lnbmF0dXJl"

func jwt(header, body string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(body)) + "." + signature
}

// jwtFor returns a token of default/robot with a time of issue and an expiration.
func jwtFor(issued, expires time.Time) string {
	return jwt(`{"alg":"ES256","kid":"k1"}`, fmt.Sprintf(`{"iss":"https://issuer","sub":"system:serviceaccount:default:robot","aud":["api"],
		"jti":"id-1","iat":%d,"nbf":%d,"exp":%d,"kubernetes.io":{"namespace":"default","serviceaccount":{"name":"robot","uid":"u1"}}}`,
		issued.Unix(), issued.Unix(), expires.Unix()))
}

func TestDecodeReadsTheClaims(t *testing.T) {
	t.Parallel()
	got, err := Decode(jwt(`{"alg":"RS256","kid":"k1"}`, `{"iss":"i","sub":"s","aud":"one","jti":"id","iat":1000,"nbf":1001,"exp":4600.9,
		"kubernetes.io":{"namespace":"ns","serviceaccount":{"name":"robot","uid":"u1"},"pod":{"name":"p","uid":"u2"},
		"node":{"name":"n","uid":"u3"},"warnafter":4607}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{
		Algorithm: "RS256", KeyID: "k1", ID: "id", Issuer: "i", Subject: "s", Audiences: []string{"one"},
		IssuedAt: time.Unix(1000, 0).UTC(), NotBefore: time.Unix(1001, 0).UTC(), Expires: time.Unix(4600, 0).UTC(), WarnAfter: time.Unix(4607, 0).UTC(),
		Account: Account{"ns", "robot"}, UID: "u1",
		Bound: []BoundObject{{Pod, "p", "u2"}, {Node, "n", "u3"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeRejectsAnythingButAJWTWithoutEcho(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"empty":            "",
		"bootstrap token":  "abcdef.0123456789abcdef",
		"two parts":        "e30.e30",
		"four parts":       "e30.e30.e30.e30",
		"padded":           "e30=.e30=.e30=",
		"null payload":     jwt("{}", "null"),
		"list payload":     jwt("{}", "[]"),
		"text payload":     jwt("{}", `"hidden-value"`),
		"wrong type":       jwt("{}", `{"sub":["hidden-value"]}`),
		"expiry is text":   jwt("{}", `{"exp":"hidden-value"}`),
		"expiry too large": jwt("{}", `{"exp":1e300}`),
		"negative expiry":  jwt("{}", `{"exp":-1}`),
		"bad signature":    "e30.e30.!!",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode(in)
			if !errors.Is(err, ErrNotJWT) || !reflect.DeepEqual(got, Claims{}) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(jwtFor(time.Unix(1000, 0), time.Unix(4600, 0)))
	f.Add(jwt("{}", `{"aud":[1]}`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, in string) {
		claims, err := Decode(in)
		if err != nil {
			if err.Error() != ErrNotJWT.Error() {
				t.Fatalf("the error may show the input: %v", err)
			}
			return
		}
		if strings.Count(in, ".") != 2 {
			t.Fatal("accepted without three parts")
		}
		for _, at := range []time.Time{claims.IssuedAt, claims.NotBefore, claims.Expires, claims.WarnAfter} {
			if _, err := time.Parse(time.RFC3339, at.Format(time.RFC3339)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
