// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	execv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
)

func TestTheExecCredentialHasTheCallersVersion(t *testing.T) {
	t.Parallel()
	expires := time.Unix(4600, 0)
	tok := testToken(t, jwtFor(time.Unix(1000, 0), expires), time.Time{}, 3600)
	for info, version := range map[string]string{
		"": "client.authentication.k8s.io/v1",
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}}`: "client.authentication.k8s.io/v1",
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}`:              "client.authentication.k8s.io/v1beta1",
	} {
		caller, err := ParseCaller(info)
		if err != nil {
			t.Fatal(err)
		}
		content, err := caller.ExecCredential(tok, expires)
		if err != nil {
			t.Fatal(err)
		}
		var got execv1.ExecCredential
		if err := json.Unmarshal(content, &got); err != nil {
			t.Fatal(err)
		}
		if got.APIVersion != version || got.Kind != "ExecCredential" || got.Status.Token != tok.Reveal() || !got.Status.ExpirationTimestamp.Time.Equal(expires) {
			t.Errorf("%s: %+v", info, got)
		}
	}
}

func TestParseCallerRejectsUnknownInputWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, info := range []string{
		"hidden-value", "{", "[]", "{}", `"hidden-value"`,
		`{"kind":"hidden-value","apiVersion":"client.authentication.k8s.io/v1"}`,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`,
		`{"kind":"ExecCredential","apiVersion":"hidden-value"}`,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":"hidden-value"}`,
	} {
		if _, err := ParseCaller(info); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", info, err)
		}
	}
}

func TestMatchesServerComparesTheAddress(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, nil)
	for server, want := range map[string]bool{"": true, c.Server().String(): true, c.Server().String() + "/": true, "https://elsewhere": false} {
		caller, err := ParseCaller(`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"` + server + `"}}}`)
		if err != nil || caller.MatchesServer(c) != want {
			t.Errorf("%q: %v, %v", server, caller.MatchesServer(c), err)
		}
	}
}

func FuzzParseCaller(f *testing.F) {
	f.Add(`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://a","certificate-authority-data":"YQ=="}}}`)
	f.Add(`{"kind":"ExecCredential"}`)
	f.Fuzz(func(t *testing.T, info string) {
		caller, err := ParseCaller(info)
		switch {
		case err != nil && caller.version != "":
			t.Fatal("returned both an error and a caller")
		case err == nil && !strings.HasPrefix(caller.version, "client.authentication.k8s.io/v1"):
			t.Fatalf("version %q", caller.version)
		}
	})
}
