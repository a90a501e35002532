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
	h := lease(t)
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
	h := lease(t)
	program.Run(t, h.Kubeconfig, "token", "create", "--ttl", "2s").OK(t)
	if n := len(h.tokens(t)); n != 1 {
		t.Fatalf("%d tokens after create", n)
	}
	program.Eventually(t, 10*time.Second, func() error {
		if n := len(h.tokens(t)); n != 0 {
			return errors.New("the expired token is still there")
		}
		return nil
	})
}

// TestStatusIsWhatTheServerDoes creates every kind of broken Secret and asks the server itself.
func TestStatusIsWhatTheServerDoes(t *testing.T) {
	t.Parallel()
	h := lease(t)
	const both = "0123456789abcdef"
	base := func(id string, more map[string]string) map[string]string {
		data := map[string]string{"token-id": id, "token-secret": both, "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true"}
		for key, value := range more {
			if value == "" {
				delete(data, key)
			} else {
				data[key] = value
			}
		}
		return data
	}
	kinds := []struct {
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
	for _, kind := range kinds {
		h.store(t, "bootstrap-token-"+kind.id, kind.data)
	}
	doc := program.Run(t, h.Kubeconfig, "token", "list", "-o", "json").Document(t)
	if len(doc.Items) != len(kinds) {
		t.Errorf("%d of %d tokens are listed", len(doc.Items), len(kinds))
	}
	for _, kind := range kinds {
		at := slices.IndexFunc(doc.Items, func(item map[string]any) bool { return item["name"] == "bootstrap-token-"+kind.id })
		if at < 0 {
			t.Errorf("%s is not listed", kind.id)
			continue
		}
		reason, _ := doc.Items[at]["reason"].(string)
		if doc.Items[at]["status"] != kind.status || !strings.Contains(reason, kind.reason) {
			t.Errorf("%s is %s (%s), want %s (%s)", kind.id, doc.Items[at]["status"], reason, kind.status, kind.reason)
		}
		_, err := h.WhoAmI(t.Context(), kind.id+"."+both)
		if accepted := err == nil; accepted != (kind.status == "ok") {
			t.Errorf("%s is %s, but the server says: %v", kind.id, kind.status, err)
		}
	}
}

func TestManyTokensAreReadInChunks(t *testing.T) {
	t.Parallel()
	h := lease(t)
	for i := range 501 {
		id := "many" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		h.store(t, "bootstrap-token-"+id, map[string]string{"token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"})
	}
	out := program.Run(t, h.Kubeconfig, "token", "list", "-o", "name", "-v=6")
	if n := strings.Count(out.OK(t), "secret/"); n != 501 {
		t.Errorf("%d of 501 tokens are listed", n)
	}
	if n := strings.Count(out.Stderr, "limit=500"); n != 2 {
		t.Errorf("the list took %d requests, want 2 chunks\n%s", n, out.Stderr)
	}
}
