// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

func connect(t *testing.T, server *apitest.Server) *kube.Client {
	t.Helper()
	c, err := kube.New(&rest.Config{
		Host: server.URL, BearerToken: apitest.AdminToken, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA}, Timeout: 5 * time.Second,
	}, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ref() SecretRef { return SecretRef{Namespace: "default", Name: "token"} }

func content(value string) Content {
	return Content{Data: map[string][]byte{"token": []byte(value)}, Annotations: map[string]string{"a": "b"}}
}

func read(t *testing.T, c *kube.Client) Secret {
	t.Helper()
	secret, err := Read(t.Context(), c, ref())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestASecretRefNamesASecretAndAKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]SecretRef{
		"ns/name":          {"ns", "name", ""},
		"ns/name.a:tls.ca": {"ns", "name.a", "tls.ca"},
	} {
		var got SecretRef
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if back, err := got.MarshalText(); err != nil || string(back) != text {
			t.Errorf("%s becomes %s", text, back)
		}
	}
	for _, text := range []string{"", "name", "/name", "ns/", "ns/a/b", "Ns/name", "ns/name:", "ns/name:a b", "ns/name:a:b", "abcdef.0123456789abcdef"} {
		if err := new(SecretRef).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestASecretIsWrittenOnlyIfItsContentDiffers(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	c := connect(t, server)
	for i, step := range []struct {
		value  string
		dryRun bool
		change Change
		keys   []string
		stored string
	}{
		{"one", true, Created, []string{"token"}, ""},
		{"one", false, Created, []string{"token"}, "one"},
		{"one", false, Unchanged, nil, "one"},
		{"two", true, Updated, []string{"token"}, "one"},
		{"two", false, Updated, []string{"token"}, "two"},
	} {
		secret := read(t, c)
		if err := secret.Check(false); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		before := len(server.Requests())
		planned, keys := secret.Diff(content(step.value))
		change, err := secret.Write(t.Context(), c, content(step.value), step.dryRun)
		if err != nil || change != step.change || planned != change || !slices.Equal(keys, step.keys) {
			t.Errorf("%d: got %s of %q, then %s, %v", i, planned, keys, change, err)
		}
		if sent := len(server.Requests()) - before; sent > 1 || change == Unchanged && sent > 0 {
			t.Errorf("%d: sends %d requests", i, sent)
		}
		if after := read(t, c); string(after.Value("token")) != step.stored || after.Exists() != (step.stored != "") || after.Exists() && after.Annotation("a") != "b" {
			t.Errorf("%d: stored is %q", i, after.Value("token"))
		}
	}
}

func TestASecretOfSomebodyElseIsNotWritten(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "token"}, Data: map[string][]byte{"other": []byte("kept")}})
	c := connect(t, server)
	secret := read(t, c)
	if err := secret.Check(false); failure.ReasonOf(err) != failure.Conflict {
		t.Errorf("got %v", err)
	}
	if err := secret.Check(true); err != nil {
		t.Error(err)
	}
	if _, err := secret.Write(t.Context(), c, content("one"), false); err != nil {
		t.Fatal(err)
	}
	after := read(t, c)
	if string(after.Value("other")) != "kept" || string(after.Value("token")) != "one" || after.Check(false) != nil {
		t.Errorf("got %+v", after.found)
	}
}

func TestASecretThatChangedSinceItWasReadIsAConflict(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	c := connect(t, server)
	missing := read(t, c)
	if _, err := read(t, c).Write(t.Context(), c, content("one"), false); err != nil {
		t.Fatal(err)
	}
	old := read(t, c)
	if _, err := read(t, c).Write(t.Context(), c, content("two"), false); err != nil {
		t.Fatal(err)
	}
	for name, stale := range map[string]Secret{"missing": missing, "old": old} {
		if _, err := stale.Write(t.Context(), c, content("three"), false); failure.ReasonOf(err) != failure.Conflict {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := string(read(t, c).Value("token")); got != "two" {
		t.Errorf("stored is %s", got)
	}
}

func TestALostAnswerIsResolvedByReading(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "PUT"} {
		server := apitest.New(t)
		c := connect(t, server)
		if method == "PUT" {
			if _, err := read(t, c).Write(t.Context(), c, content("one"), false); err != nil {
				t.Fatal(err)
			}
		}
		server.On(method, "", apitest.LoseAnswer())
		if _, err := read(t, c).Write(t.Context(), c, content("two"), false); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		lost := apitest.New(t)
		lost.On("POST", "", apitest.LoseRequest())
		c = connect(t, lost)
		if _, err := read(t, c).Write(t.Context(), c, content("two"), false); err == nil || strings.Contains(err.Error(), "two") {
			t.Errorf("%s: got %v", method, err)
		}
	}
}
