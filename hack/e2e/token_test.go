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
