// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"strings"
	"testing"
)

// TestRevocableMemberTokensAreListedAndRevoked revokes tokens by the names in the hint and in the list.
func TestRevocableMemberTokensAreListedAndRevoked(t *testing.T) {
	joinMembers(t)
	one := run(t, "sa", "token", "default", "--revocable", "--member", "east")
	one.OK(t)
	_, hint, _ := strings.Cut(one.Stderr, "revoke it with: joinctl ")
	if !strings.HasSuffix(hint, " --context hub --member east\n") {
		t.Fatalf("stderr is %q", one.Stderr)
	}
	run(t, strings.Fields(hint)...).OK(t)

	run(t, "sa", "token", "default", "--revocable", "--members").OK(t)
	names := strings.Fields(run(t, "sa", "list", "--members", "-o", "name").OK(t))
	if len(names) != 2 || !strings.HasPrefix(names[0], "hub/east/default-token-") || !strings.HasPrefix(names[1], "hub/west/default-token-") {
		t.Fatalf("listed %q", names)
	}
	got := run(t, "sa", "revoke", names[0], "--members").OK(t)
	if got != `serviceaccount token "`+names[0]+`" revoked` {
		t.Errorf("printed %q", got)
	}
	bare := strings.TrimPrefix(names[1], "hub/west/")
	run(t, "sa", "revoke", bare, "--member", "east").Expect(t, 1, "not found")
	run(t, "sa", "revoke", bare, "--members").OK(t)
	if remaining := run(t, "sa", "list", "--members", "-o", "name").OK(t); remaining != "" {
		t.Errorf("the list still has %q", remaining)
	}
}
