// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"slices"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/joinctl/joinctl/internal/token"
)

func TestTheRulesOfOCMAreForJoiningOnlyInItsOwnRole(t *testing.T) {
	binds := func(role string) binding { return binding{role: roleRef("ClusterRole", role)} }
	rule := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	}
	const role, group = "open-cluster-management:bootstrap", "cluster.open-cluster-management.io"
	for _, test := range []struct {
		rule rbacv1.PolicyRule
		role string
		want bool
	}{
		{rule("", "configmaps", "get"), role, true},
		{rule(group, "managedclusters", "get", "create", "list", "watch"), role, true},
		{rule(group, "managedclustersets/join", "create"), role, true},
		{rule("", "configmaps", "get"), "other", false},
		{rule("", "configmaps", "get", "update"), role, false},
		{rule("", "secrets", "get"), role, false},
		{rule(group, "managedclusters", "delete"), role, false},
		{rule(group, "*", "create"), role, false},
	} {
		if got := isOfOCM(test.rule, binds(test.role)); got != test.want {
			t.Errorf("%s in %s: %t", describe(test.rule), test.role, got)
		}
	}
}

func TestTokensOfOtherProgramsMayLiveForEver(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	tok, err := token.Parse("aaaaaa.0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	authentication, both := []string{token.Authentication}, []string{token.Authentication, token.Signing}
	for name, test := range map[string]struct {
		spec  token.Spec
		other bool
	}{
		"k0s worker":                   {token.Spec{Usages: authentication}, true},
		"OCM":                          {token.Spec{Usages: authentication, Groups: []string{"system:bootstrappers:managedcluster"}}, true},
		"the rights of a kubeadm node": {token.Spec{Usages: authentication, Groups: []string{"system:bootstrappers:kubeadm:default-node-token"}}, false},
		"every usage":                  {token.Spec{Usages: both}, false},
	} {
		secret := token.Encode(tok, test.spec)
		var found tokenStats
		found.add(secret, token.Evaluate(secret, now).Status, now, nil)
		if slices.Contains(found.others, tok.ID) != test.other || slices.Contains(found.neverExpires, tok.ID) == test.other {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
