// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func testToken(t *testing.T, credential string, expires time.Time, seconds int64) Token {
	t.Helper()
	tok, err := newToken(&authenticationv1.TokenRequest{
		Spec:   authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
		Status: authenticationv1.TokenRequestStatus{Token: credential, ExpirationTimestamp: metav1.NewTime(expires)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestFormattingNeverShowsTheCredential(t *testing.T) {
	t.Parallel()
	tok := testToken(t, jwtFor(time.Unix(1000, 0), time.Unix(4600, 0)), time.Time{}, 3600)
	type wrapper struct{ unexported Token }
	for _, v := range []any{tok, &tok, []Token{tok}, map[string]Token{"a": tok}, wrapper{tok}, &wrapper{tok}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, signature) {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
		if out, _ := json.Marshal(v); strings.Contains(string(out), signature) {
			t.Errorf("JSON of %T: %s", v, out)
		}
	}
	if !strings.Contains(tok.Reveal(), signature) {
		t.Error("Reveal does not return the credential")
	}
}

func TestExpiresIsTheClaimOfTheToken(t *testing.T) {
	t.Parallel()
	issued, year := time.Unix(1000, 0), 365*24*time.Hour
	tok := testToken(t, jwtFor(issued, issued.Add(year)), issued.Add(time.Hour), 3607)
	if !tok.Expires().Equal(issued.Add(year)) || tok.Lifetime() != year {
		t.Errorf("expires %s after %s", tok.Expires(), tok.Lifetime())
	}
	opaque := testToken(t, "opaque", issued.Add(time.Hour), 3600)
	if !opaque.Expires().Equal(issued.Add(time.Hour)) || opaque.Lifetime() != time.Hour {
		t.Errorf("an opaque token expires %s after %s", opaque.Expires(), opaque.Lifetime())
	}
}

func TestAResponseWithoutTokenIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := newToken(&authenticationv1.TokenRequest{}); err == nil {
		t.Error("accepted")
	}
}

// The token is printed as it is, and programs read it line by line.
func TestATokenWithOtherCharactersThanABearerTokenHasIsAnError(t *testing.T) {
	t.Parallel()
	for _, credential := range []string{"a b", "a\n", "\x1b[2J", "a\u202eb", "ä", "a\x00"} {
		if _, err := newToken(&authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{Token: credential}}); err == nil {
			t.Errorf("%q is accepted", credential)
		}
	}
	if _, err := newToken(&authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{Token: "aZ09-._~+/="}}); err != nil {
		t.Error(err)
	}
}
