// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

func connect(t *testing.T, server *apitest.Server) *kube.Client {
	t.Helper()
	return connectWithin(t, server, 5*time.Second)
}

// connectWithin returns a client that gives a request so much time. A lost write is resolved in as much.
func connectWithin(t *testing.T, server *apitest.Server, timeout time.Duration) *kube.Client {
	t.Helper()
	c, err := kube.New(&rest.Config{
		Host: server.URL, BearerToken: apitest.AdminToken, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA}, Timeout: timeout,
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
	unavailable := apierrors.NewServiceUnavailable("the server restarts")
	forbidden := apierrors.NewForbidden(corev1.Resource("secrets"), "token", nil)
	changed := func(c *kube.Client) apitest.Fault { // somebody else writes before the request is lost
		return apitest.Fault{Before: func(http.ResponseWriter, *http.Request) bool {
			if _, err := read(t, c).Write(t.Context(), c, content("other"), false); err != nil {
				t.Error(err)
			}
			panic(http.ErrAbortHandler)
		}}
	}
	for name, test := range map[string]struct {
		lost    apitest.Fault
		changed bool // by somebody else
		reading *apierrors.StatusError
		times   int // how often reading is answered; 0: always
		reason  failure.Reason
		text    string
	}{
		"written":                            {lost: apitest.LoseAnswer()},
		"written, and the read fails once":   {lost: apitest.LoseAnswer(), reading: unavailable, times: 1},
		"written, and the read fails twice":  {lost: apitest.LoseAnswer(), reading: apierrors.NewInternalError(errors.New("etcd")), times: 2},
		"written, and the read is throttled": {lost: apitest.LoseAnswer(), reading: apierrors.NewTooManyRequests("later", 0), times: 1},
		"written, and the read never works":  {lost: apitest.LoseAnswer(), reading: unavailable, reason: failure.Unknown, text: "the secret may have been written: read secret default/token: the server restarts"},
		"written, and may not be read":       {lost: apitest.LoseAnswer(), reading: forbidden, reason: failure.Unknown, text: "the secret may have been written"},
		"not written yet":                    {lost: apitest.LoseRequest(), reason: failure.Unknown, text: "the secret is as it was, but may still be written"},
		"not written: somebody else was first": {
			changed: true, reason: failure.Conflict, text: "somebody else changed, replaced or deleted it",
		},
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				server := apitest.New(t)
				c := connectWithin(t, server, 800*time.Millisecond)
				if method == http.MethodPut {
					if _, err := read(t, c).Write(t.Context(), c, content("one"), false); err != nil {
						t.Fatal(err)
					}
				}
				before := read(t, c)
				lost := test.lost
				if test.changed {
					lost = changed(c)
				}
				server.On(method, "", lost.Times(1))
				if test.reading != nil {
					server.On(http.MethodGet, "", apitest.Refuse(test.reading).Times(test.times))
				}
				_, err := before.Write(t.Context(), c, content("two"), false)
				if failure.ReasonOf(err) != test.reason {
					t.Errorf("got %v", err)
				}
				if err != nil && (!strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "two")) {
					t.Errorf("says %v", err)
				}
			})
		}
	}
}

func TestASecretThatIsDeletedWhileItsUpdateIsLostIsAConflict(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	c := connect(t, server)
	if _, err := read(t, c).Write(t.Context(), c, content("one"), false); err != nil {
		t.Fatal(err)
	}
	before := read(t, c)
	server.On(http.MethodPut, "", apitest.Fault{Before: func(http.ResponseWriter, *http.Request) bool {
		server.Remove(before.found)
		panic(http.ErrAbortHandler)
	}})
	if _, err := before.Write(t.Context(), c, content("two"), false); failure.ReasonOf(err) != failure.Conflict {
		t.Errorf("got %v", err)
	}
}
