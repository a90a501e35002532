// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	tokenSecret = "hjkmnpqrstuvwxyz"
	fullToken   = "abcdef." + tokenSecret
	jwt         = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWxmIn0.c2lnbmF0dXJl-_x"
)

func TestTextHidesCredentials(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		fullToken:                              "<hidden>",
		"token " + fullToken + " is bad":       "token <hidden> is bad",
		"--token=" + fullToken:                 "--token=<hidden>",
		`"` + fullToken + `",`:                 `"<hidden>",`,
		fullToken + "\n" + fullToken:           "<hidden>\n<hidden>",
		"https://a/?t=" + fullToken + "&b=c":   "https://a/?t=<hidden>&b=c",
		jwt:                                    "<hidden>",
		"id_token: " + jwt + ".":               "id_token: <hidden>.",
		"Authorization: Bearer " + fullToken:   "Authorization: <hidden>",
		"authorization: bearer opaque/0+value": "authorization: <hidden>",
		"Authorization: Basic dXNlcjpwYXNz":    "Authorization: <hidden>",
		"Bearer " + jwt + " and more":          "<hidden> and more",
	} {
		if got := New().Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// The rest of these texts may change, but the secret must not remain.
func TestTextHidesCredentialsNextToOtherCharacters(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		fmt.Sprintf("%q", "line\n"+fullToken+"\nline"), // a quoted \n ends in a letter
		fmt.Sprintf("%q", "\t"+fullToken),
		"bootstrap_" + fullToken,
		fullToken + "_2027",
		"bootstrap-token-" + fullToken,
		"secret/bootstrap-token-" + fullToken,
		fmt.Sprint([]string{fullToken}, map[string]string{"a": fullToken}),
	} {
		if got := New().Text(text); strings.Contains(got, tokenSecret) {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

func TestTextKeepsOtherText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"",
		"token abcdef of kube-system",
		"secrets \"bootstrap-token-abcdef\" is forbidden",
		"https://karmada.example.com:5443/api/v1",
		"https://10.0.0.1:6443",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"2027-01-02T15:04:05Z",
		"v1.37.2 of kubernetes.default.svc.cluster.local",
		"a bearer of the token",
		"system:bootstrappers:karmada:default-cluster-token",
	} {
		if got := New().Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestFilterHidesCredentialsInEveryTypeOfValue(t *testing.T) {
	t.Parallel()
	type wrapper struct{ Text string }
	r := New()
	for _, value := range []any{
		fullToken, errors.New("bad token " + fullToken), wrapper{fullToken}, &wrapper{fullToken}, []string{fullToken}, []byte(fullToken), fmt.Errorf("x: %w", errors.New(jwt)),
	} {
		for method, got := range map[string]string{
			"Filter":  fmt.Sprintf("%s", r.Filter([]any{value})),
			"FilterF": fmt.Sprintf("%s", secondResult(r.FilterF("x %s", []any{value}))),
			"FilterS": fmt.Sprintf("%s", secondResult(r.FilterS("x", []any{"key", value}))),
		} {
			if strings.Contains(got, tokenSecret) || strings.Contains(got, jwt) {
				t.Errorf("%s of a %T: %s", method, value, got)
			}
		}
	}
}

func TestFilterKeepsOtherValuesAndTheirTypes(t *testing.T) {
	t.Parallel()
	r := New()
	in := []any{1, true, nil, errors.New("boom"), []string{"a"}}
	out := r.Filter(append([]any{}, in...))
	for i := range in {
		if fmt.Sprintf("%T %v", in[i], in[i]) != fmt.Sprintf("%T %v", out[i], out[i]) {
			t.Errorf("%#v became %#v", in[i], out[i])
		}
	}
}

// client-go logs bodies as hexdumps, in which no pattern matches a credential.
func TestFilterSDropsBodies(t *testing.T) {
	t.Parallel()
	r := New()
	msg, out := r.FilterS("Request Body", []any{"verb", "POST", "body", "00000000  6b 38 73 00", "unpaired"})
	if want := []any{"verb", "POST", "body", "<hidden>", "unpaired"}; msg != "Request Body" || fmt.Sprint(out) != fmt.Sprint(want) {
		t.Errorf("got %q %v, want %v", msg, out, want)
	}
	if msg, _ := r.FilterS("about "+fullToken, nil); strings.Contains(msg, tokenSecret) {
		t.Errorf("the message contains the secret: %s", msg)
	}
}

func secondResult[T any](_ string, values T) T { return values }
