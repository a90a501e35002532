// SPDX-License-Identifier: Apache-2.0

package join

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

func TestTheGeneratorNeedsEveryRightOfItsRulesButTheDeletionOfRoles(t *testing.T) {
	t.Parallel()
	needs := generatorNeeds()
	for _, want := range []Access{
		{Verb: "delete", Group: karmadaGroup, Resource: "clusters"},
		{Verb: "update", Group: karmadaGroup, Resource: "clusters", Subresource: "status"},
		{Verb: "create", Resource: "secrets"},
		{Verb: "delete", Group: certificatesGroup, Resource: csrResource},
		{Verb: "create", Group: rbacv1.GroupName, Resource: "clusterrolebindings"},
	} {
		if !slices.Contains(needs, want) {
			t.Errorf("the needs lack %+v", want)
		}
	}
	for _, need := range needs {
		if need.Group == rbacv1.GroupName && need.Verb != "create" {
			t.Errorf("the needs have %+v", need)
		}
	}
}
