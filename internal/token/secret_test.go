// SPDX-License-Identifier: Apache-2.0

package token

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEncodeReturnsTheSecretOfTheServersFormat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		spec Spec
		want string
	}{
		{
			"everything",
			Spec{
				Expires:     time.Date(2027, 1, 2, 15, 4, 5, 0, time.UTC),
				Usages:      []string{Signing, Authentication},
				Groups:      []string{"system:bootstrappers:a", "system:bootstrappers:b"},
				Description: "for the west, \"2027\"",
			},
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bootstrap-token-abcdef","namespace":"kube-system",` +
				`"labels":{"app.kubernetes.io/managed-by":"joinctl"}},` +
				`"type":"bootstrap.kubernetes.io/token","data":{` +
				`"auth-extra-groups":"c3lzdGVtOmJvb3RzdHJhcHBlcnM6YSxzeXN0ZW06Ym9vdHN0cmFwcGVyczpi",` + // …:a,…:b
				`"description":"Zm9yIHRoZSB3ZXN0LCAiMjAyNyI=",` +
				`"expiration":"MjAyNy0wMS0wMlQxNTowNDowNVo=",` + // 2027-01-02T15:04:05Z
				`"token-id":"YWJjZGVm","token-secret":"MDEyMzQ1Njc4OWFiY2RlZg==",` +
				`"usage-bootstrap-authentication":"dHJ1ZQ==","usage-bootstrap-signing":"dHJ1ZQ=="}}`,
		},
		{
			"for a cluster",
			Spec{Usages: []string{Signing}, For: "member1"},
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bootstrap-token-abcdef","namespace":"kube-system",` +
				`"labels":{"joinctl.io/for":"member1","app.kubernetes.io/managed-by":"joinctl"}},` +
				`"type":"bootstrap.kubernetes.io/token","data":{` +
				`"token-id":"YWJjZGVm","token-secret":"MDEyMzQ1Njc4OWFiY2RlZg==","usage-bootstrap-signing":"dHJ1ZQ=="}}`,
		},
		{
			"empty fields are left out",
			Spec{Usages: []string{Signing}},
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bootstrap-token-abcdef","namespace":"kube-system",` +
				`"labels":{"app.kubernetes.io/managed-by":"joinctl"}},` +
				`"type":"bootstrap.kubernetes.io/token","data":{` +
				`"token-id":"YWJjZGVm","token-secret":"MDEyMzQ1Njc4OWFiY2RlZg==","usage-bootstrap-signing":"dHJ1ZQ=="}}`,
		},
	} {
		text, err := json.Marshal(Encode(mustParse(t, "abcdef.0123456789abcdef"), test.spec))
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, text, test.want)
		}
	}
}

func TestDecodeReadsBackWhatEncodeWrote(t *testing.T) {
	t.Parallel()
	tok := mustParse(t, "abcdef.0123456789abcdef")
	east := time.FixedZone("", 2*60*60)
	for _, spec := range []Spec{
		{Usages: []string{Signing, Authentication}, Groups: []string{"system:bootstrappers:a"}, Description: "x"},
		{Usages: []string{Signing}},
		{Usages: []string{Authentication}, Groups: []string{"system:bootstrappers:b", "system:bootstrappers:a"}},
		{Usages: []string{Signing}, Expires: time.Date(2027, 1, 2, 15, 4, 5, 0, time.UTC)},
		{Usages: []string{Signing}, Expires: time.Date(2027, 1, 2, 15, 4, 5, 0, east)},
		{Usages: []string{Signing}, For: "member1"},
		{Usages: []string{Signing}, Description: "two\nlines, and ünïcode\x00"},
	} {
		gotTok, got, err := Decode(Encode(tok, spec))
		if err != nil || gotTok != tok {
			t.Errorf("%+v: decoded as %v, %v", spec, gotTok, err)
		}
		if !got.Expires.Equal(spec.Expires) || got.Expires.Format(time.RFC3339) != spec.Expires.Format(time.RFC3339) {
			t.Errorf("%s became %s", spec.Expires, got.Expires)
		}
		got.Expires, spec.Expires = time.Time{}, time.Time{}
		if !reflect.DeepEqual(got, spec) {
			t.Errorf("%+v became %+v", spec, got)
		}
	}
}

// A list shows the readable fields of a malformed Secret.
func TestDecodeReadsTheOtherFieldsOfAMalformedSecret(t *testing.T) {
	t.Parallel()
	secret := Encode(mustParse(t, "abcdef.0123456789abcdef"), Spec{
		Expires: serverNow.Add(time.Hour), Usages: []string{Signing}, Groups: []string{"system:bootstrappers:a"}, Description: "x",
	})
	secret.Data["token-secret"] = []byte("0123456789ABCDEF")
	tok, spec, err := Decode(secret)
	if err == nil || !tok.IsZero() {
		t.Fatalf("got %v, %v", tok, err)
	}
	want := Spec{Expires: serverNow.Add(time.Hour), Usages: []string{Signing}, Groups: []string{"system:bootstrappers:a"}, Description: "x"}
	if !reflect.DeepEqual(spec, want) {
		t.Errorf("got %+v, want %+v", spec, want)
	}
	if strings.Contains(strings.ToLower(err.Error()), "0123456789abcdef") {
		t.Errorf("the error shows the credential: %v", err)
	}
}

// Go programs write this expiration for a time.Time that was never set. For the server the token has expired. If Decode
// read it as "no expiration", Encode would make a token that never expires.
func TestDecodeDistinguishesTheZeroTimeFromNever(t *testing.T) {
	t.Parallel()
	secret := Encode(mustParse(t, "abcdef.0123456789abcdef"), Spec{Usages: []string{Signing}})
	secret.Data["expiration"] = []byte("0001-01-01T00:00:00Z")
	if health := Evaluate(secret, serverNow); health.Status != Expired {
		t.Errorf("evaluated as %v", health)
	}
	_, spec, err := Decode(secret)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Expires.IsZero() {
		t.Error("it is read as a token that never expires")
	}
}

func TestHasExpirationCountsInvalidOnes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "2027-01-02T15:04:05Z": true, "tomorrow": true, "\n": true} {
		secret := Encode(mustParse(t, "abcdef.0123456789abcdef"), Spec{})
		secret.Data["expiration"] = []byte(text)
		if got := HasExpiration(secret); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
