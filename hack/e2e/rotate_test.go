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

// TestExtendedTokenAuthenticatesAfterItsOldExpiry waits until the token cleaner would have deleted the token, and the cache
// of the authenticator has forgotten it.
func TestExtendedTokenAuthenticatesAfterItsOldExpiry(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	tok := program.Run(t, h.Kubeconfig, "token", "create", "--ttl", "6s").OK(t)
	other := program.Run(t, h.Kubeconfig, "token", "create", "--ttl", "6s").OK(t)
	id, _, _ := strings.Cut(tok, ".")
	program.Run(t, h.Kubeconfig, "token", "extend", id, "--ttl", "10m").OK(t)
	program.Eventually(t, 20*time.Second, func() error {
		if n := len(h.tokens(t)); n != 1 {
			return errors.New("the token that was not extended still exists")
		}
		return nil
	})
	time.Sleep(11 * time.Second) // kube-apiserver caches a success for 10 seconds
	if _, err := h.WhoAmI(t.Context(), other); !apierrors.IsUnauthorized(err) {
		t.Errorf("the token that expired: %v", err)
	}
	if user, err := h.WhoAmI(t.Context(), tok); err != nil || user.Username != "system:bootstrap:"+id {
		t.Errorf("the extended token authenticates as %s: %v", user.Username, err)
	}
	if status := program.Run(t, h.Kubeconfig, "token", "list", "-o", "jsonpath={.items[*].status}").OK(t); status != "ok" {
		t.Errorf("status %s", status)
	}
	program.Run(t, h.Kubeconfig, "token", "extend", id, "--ttl", "1s", "--allow-shorten").OK(t)
	program.Eventually(t, 20*time.Second, func() error {
		if _, err := h.WhoAmI(t.Context(), tok); !apierrors.IsUnauthorized(err) {
			return errors.New("the shortened token still authenticates")
		}
		return nil
	})
}

func TestRotatedTokenAuthenticatesWithTheGroupsOfTheOldOne(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	const group = "system:bootstrappers:a:b"
	old := program.Run(t, h.Kubeconfig, "token", "create", "--groups", group, "--ttl", "10m").OK(t)
	created := program.Run(t, h.Kubeconfig, "token", "rotate", old).OK(t)
	for _, tok := range []string{old, created} {
		id, _, _ := strings.Cut(tok, ".")
		user, err := h.WhoAmI(t.Context(), tok)
		want := []string{"system:authenticated", "system:bootstrappers", group}
		slices.Sort(user.Groups)
		if err != nil || user.Username != "system:bootstrap:"+id || !slices.Equal(user.Groups, want) {
			t.Errorf("token %s authenticates as %+v: %v", id, user, err)
		}
	}
	if status := program.Run(t, h.Kubeconfig, "token", "list", "-o", "jsonpath={.items[*].status}").OK(t); status != "ok ok" {
		t.Errorf("status %s", status)
	}
	last := program.Run(t, h.Kubeconfig, "token", "rotate", created, "--old", "delete").OK(t)
	program.Run(t, h.Kubeconfig, "token", "rotate", old, "--old", "expire-in=1s").OK(t)
	program.Eventually(t, 20*time.Second, func() error {
		for _, tok := range []string{old, created} {
			if _, err := h.WhoAmI(t.Context(), tok); !apierrors.IsUnauthorized(err) {
				return errors.New("an old token still authenticates")
			}
		}
		return nil
	})
	if _, err := h.WhoAmI(t.Context(), last); err != nil {
		t.Errorf("the last token: %v", err)
	}
}
