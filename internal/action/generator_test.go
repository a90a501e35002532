// SPDX-License-Identifier: Apache-2.0

package action

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// denyGenerator makes a server deny the rbac-generator everything that no rule allows.
func denyGenerator(server *apitest.Server, rules []rbacv1.PolicyRule) {
	server.Deny(func(user string, access *authorizationv1.ResourceAttributes) bool {
		resource := strings.TrimSuffix(access.Resource+"/"+access.Subresource, "/")
		return user == "system:karmada:agent:rbac-generator" && !slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
			return slices.Contains(rule.APIGroups, access.Group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, access.Verb)
		})
	})
}

func adminClient(t *testing.T, server *apitest.Server) *kube.Client {
	t.Helper()
	s := adminHub(t, server)
	targets, err := s.Targets()
	adminCheck(t, err)
	c, err := s.Client(targets[0])
	adminCheck(t, err)
	return c
}

func TestDoctorAndSetupMissEveryRuleThatTheAgentNeeds(t *testing.T) {
	t.Parallel()
	all := join.GeneratorRules()
	for i, rule := range all {
		name := strings.TrimSuffix(rule.Resources[0]+"."+rule.APIGroups[0], ".")
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada, apitest.Joinable)
			denyGenerator(server, slices.Delete(slices.Clone(all), i, i+1))
			found := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), join.GrantAgentRBAC)
			resource, _, _ := strings.Cut(rule.Resources[0], "/")
			if found.Severity != controlplane.Error || !strings.Contains(found.Evidence, resource) {
				t.Errorf("doctor: %+v", found)
			}
			plan, err := controlplane.NewPlan(t.Context(), adminClient(t, server), join.Endpoint{}, true)
			adminCheck(t, err)
			if !slices.ContainsFunc(plan.Changes, func(c controlplane.Change) bool {
				return c.Object.GetName() == "system:karmada:agent-rbac-generator"
			}) {
				t.Errorf("setup changes nothing about it: %+v", plan.Changes)
			}
		})
	}
}

func TestAGeneratorNeedsNothingThatOnlyCleaningUpTakes(t *testing.T) {
	t.Parallel()
	rules := slices.DeleteFunc(join.GeneratorRules(), func(rule rbacv1.PolicyRule) bool { return rule.APIGroups[0] == rbacv1.GroupName })
	rules = append(rules, rbacv1.PolicyRule{
		APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterrolebindings", "clusterroles", "rolebindings", "roles"}, Verbs: []string{"create"},
	})
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	denyGenerator(server, rules)
	if found := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), join.GrantAgentRBAC); found.Check != "" {
		t.Errorf("doctor: %+v", found)
	}
}
