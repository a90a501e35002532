// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestCreatedTokenAuthenticatesUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	tok := program.Run(t, h.Kubeconfig, "token", "create").OK(t)
	id, _, _ := strings.Cut(tok, ".")
	user, err := h.WhoAmI(t.Context(), tok)
	if err != nil {
		t.Fatal(err)
	}
	if user.Username != "system:bootstrap:"+id {
		t.Errorf("the token authenticates as %s", user.Username)
	}
	for _, group := range []string{"system:bootstrappers", "system:bootstrappers:karmada:default-cluster-token"} {
		if !slices.Contains(user.Groups, group) {
			t.Errorf("%s is not in group %s but in %s", user.Username, group, user.Groups)
		}
	}
	program.Run(t, h.Kubeconfig, "token", "delete", id).OK(t)
	program.Eventually(t, 15*time.Second, func() error {
		if _, err := h.WhoAmI(t.Context(), tok); !apierrors.IsUnauthorized(err) {
			return errors.New("the deleted token still authenticates")
		}
		return nil
	})
}

func TestExpiredTokenIsCleanedUp(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	program.Run(t, h.Kubeconfig, "token", "create", "--ttl", "2s").OK(t)
	if n := len(h.tokens(t)); n != 1 {
		t.Fatalf("%d tokens after create", n)
	}
	program.Eventually(t, 10*time.Second, func() error {
		if n := len(h.tokens(t)); n != 0 {
			return errors.New("the expired token still exists")
		}
		return nil
	})
}

// TestListedStatusMatchesTheServer creates every kind of broken Secret and authenticates with each token.
func TestListedStatusMatchesTheServer(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	const tokenSecret = "0123456789abcdef"
	base := func(id string, more map[string]string) map[string]string {
		data := map[string]string{"token-id": id, "token-secret": tokenSecret, "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true"}
		for key, value := range more {
			if value == "" {
				delete(data, key)
			} else {
				data[key] = value
			}
		}
		return data
	}
	secrets := []struct {
		id, status, reason string
		data               map[string]string
	}{
		{"good00", "ok", "", base("good00", nil)},
		{"zone00", "ok", "", base("zone00", map[string]string{"expiration": "2099-01-02T03:04:05+05:30"})},
		{"group0", "unusable", "bad group", base("group0", map[string]string{"auth-extra-groups": "system:bootstrappers:ok,bad"})},
		{"space0", "unusable", "bad group", base("space0", map[string]string{"auth-extra-groups": "system:bootstrappers:a, system:bootstrappers:b"})},
		{"usage0", "unusable", "no usage", base("usage0", map[string]string{"usage-bootstrap-authentication": "yes", "usage-bootstrap-signing": ""})},
		{"other0", "malformed", "id and name differ", base("other1", nil)},
		{"secre0", "malformed", "token-secret", base("secre0", map[string]string{"token-secret": "short"})},
	}
	for _, secret := range secrets {
		h.createTokenSecret(t, "bootstrap-token-"+secret.id, secret.data)
	}
	doc := program.Run(t, h.Kubeconfig, "token", "list", "-o", "json").Document(t)
	if len(doc.Items) != len(secrets) {
		t.Errorf("%d of %d tokens are listed", len(doc.Items), len(secrets))
	}
	for _, secret := range secrets {
		index := slices.IndexFunc(doc.Items, func(item map[string]any) bool { return item["name"] == "bootstrap-token-"+secret.id })
		if index < 0 {
			t.Errorf("%s is not listed", secret.id)
			continue
		}
		reason, _ := doc.Items[index]["reason"].(string)
		if doc.Items[index]["status"] != secret.status || !strings.Contains(reason, secret.reason) {
			t.Errorf("%s is %s (%s), want %s (%s)", secret.id, doc.Items[index]["status"], reason, secret.status, secret.reason)
		}
		_, err := h.WhoAmI(t.Context(), secret.id+"."+tokenSecret)
		if accepted := err == nil; accepted != (secret.status == "ok") {
			t.Errorf("%s is %s, but the server says: %v", secret.id, secret.status, err)
		}
	}
}

func TestManyTokensAreReadInChunks(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	for i := range 501 {
		id := "many" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		h.createTokenSecret(t, "bootstrap-token-"+id, map[string]string{"token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"})
	}
	out := program.Run(t, h.Kubeconfig, "token", "list", "-o", "name", "-v=6")
	if n := strings.Count(out.OK(t), "secret/"); n != 501 {
		t.Errorf("%d of 501 tokens are listed", n)
	}
	if n := strings.Count(out.Stderr, "fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken&limit=500"); n != 2 {
		t.Errorf("the list took %d requests, want 2 chunks\n%s", n, out.Stderr)
	}
	if n := strings.Count(out.Stderr, "limit=500"); n != 3 {
		t.Errorf("%d requests, want one more for the Secrets of other types\n%s", n, out.Stderr)
	}
}
