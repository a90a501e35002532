// SPDX-License-Identifier: Apache-2.0

package join

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// GeneratorRules returns the fewest rules with which karmadactl register works as the rbac-generator: what it does itself,
// and what the agent of the member may do, since nobody grants rights that they do not have
// (karmada pkg/karmadactl/register/register.go: GenerateClusterRole, GenerateSecretAccessRole, GenerateWorkAccessRole).
func GeneratorRules() []rbacv1.PolicyRule {
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return []rbacv1.PolicyRule{
		rule(karmadaGroup, []string{"create", "delete", "get", "list", "watch"}, "clusters"),
		rule(karmadaGroup, []string{"update"}, "clusters/status"),
		rule("config.karmada.io", []string{"get", "list", "watch"}, "resourceinterpretercustomizations", "resourceinterpreterwebhookconfigurations"),
		rule("work.karmada.io", []string{"create", "delete", "get", "list", "update", "watch"}, "works"),
		rule("work.karmada.io", []string{"patch", "update"}, "works/status"),
		rule("", []string{"create", "get"}, "namespaces"),
		rule("", []string{"create", "get", "patch"}, "secrets"),
		rule("", []string{"list", "watch"}, "services"),
		rule("", []string{"create", "patch", "update"}, "events"),
		rule("coordination.k8s.io", []string{"create", "get", "update"}, "leases"),
		rule(certificatesGroup, []string{"create", "delete", "get"}, csrResource),
		rule(rbacv1.GroupName, []string{"create", "delete"}, "clusterrolebindings", "clusterroles", "rolebindings", "roles"),
	}
}

// generatorNeeds returns each right of the GeneratorRules. It leaves out the deletion of roles and bindings: only the
// clean-up of a join that failed needs that.
func generatorNeeds() []Access {
	var needs []Access
	for _, rule := range GeneratorRules() {
		for _, resource := range rule.Resources {
			name, subresource, _ := strings.Cut(resource, "/")
			for _, verb := range rule.Verbs {
				if verb == "delete" && slices.Contains(rule.APIGroups, rbacv1.GroupName) {
					continue
				}
				needs = append(needs, Access{Verb: verb, Group: rule.APIGroups[0], Resource: name, Subresource: subresource})
			}
		}
	}
	return needs
}
