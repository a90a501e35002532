// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

func TestReconcileKeepsACompleteObject(t *testing.T) {
	for _, grant := range Grants(join.Karmada) {
		for _, object := range grant.Objects {
			if after, err := reconcile(object, object); after != nil || err != nil {
				t.Errorf("%s would be changed to %v, %v", Describe(object), after, err)
			}
		}
	}
}

func TestReconcileAddsMissingRulesAndKeepsTheOthers(t *testing.T) {
	others := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}
	want := approvalRole("role", "clusteragent")
	found := want.DeepCopy()
	found.Rules = []rbacv1.PolicyRule{others}
	after, err := reconcile(found, want)
	if err != nil {
		t.Fatal(err)
	}
	if rules := after.(*rbacv1.ClusterRole).Rules; len(rules) != 2 || rules[0].Resources[0] != "pods" {
		t.Errorf("the rules are %v", rules)
	}
	if len(found.Rules) != 1 {
		t.Error("what was found was changed itself")
	}
}

func TestReconcileRefusesABindingToAnotherRole(t *testing.T) {
	to := subject(rbacv1.UserKind, "u")
	_, err := reconcile(clusterRoleBinding("b", "one", to), clusterRoleBinding("b", "other", to))
	if failure.ReasonOf(err) != failure.Conflict {
		t.Errorf("it says %v", err)
	}
}
