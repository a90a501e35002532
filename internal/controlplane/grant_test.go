// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// It only checks the roles that setup creates itself.
func TestTheObjectsOfAGrantAllowItsNeeds(t *testing.T) {
	for _, grant := range Grants(join.Karmada) {
		var rules []rbacv1.PolicyRule
		for _, object := range grant.Objects {
			switch role := object.(type) {
			case *rbacv1.Role:
				rules = append(rules, role.Rules...)
			case *rbacv1.ClusterRole:
				rules = append(rules, role.Rules...)
			}
		}
		if rules == nil {
			continue // system:node-bootstrapper is a role of the server
		}
		for _, needed := range grant.Needs {
			need := kube.Access(needed)
			if !slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool { return allows(rule, need) }) {
				t.Errorf("%s: nothing allows to %s", grant.Name, need)
			}
		}
	}
}

func allows(rule rbacv1.PolicyRule, need kube.Access) bool {
	resource := need.Resource
	if need.Subresource != "" {
		resource += "/" + need.Subresource
	}
	return slices.Contains(rule.APIGroups, need.Group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, need.Verb) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, need.Name))
}

// Doctor accepts the rights that setup and the installers grant.
func TestTheRightsOfInstallersAreForJoining(t *testing.T) {
	rule := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	}
	named := func(rule rbacv1.PolicyRule, names ...string) rbacv1.PolicyRule {
		rule.ResourceNames = names
		return rule
	}
	for _, test := range []struct {
		name, namespace string
		rule            rbacv1.PolicyRule
		want            bool
	}{
		{"node bootstrapper", "", rule(certificates, requests, "create", "get", "list", "watch"), true},
		{"karmada approval", "", rule(certificates, requests+"/clusteragent", "create"), true},
		{"node approval", "", rule(certificates, requests+"/nodeclient", "create"), true},
		{"nodes", "", rule("", "nodes", "get"), true},
		{"kubeadm config", "kube-system", named(rule("", "configmaps", "get"), "kubeadm-config"), true},
		{"worker config of k0s", "kube-system", named(rule("", "configmaps", "get", "list", "watch"), "worker-config-default-1.37"), true},
		{"seed approval of Gardener", "", rule(certificates, requests+"/seedclient", "create"), true},
		{"uploaded certificates", "kube-system", named(rule("", "secrets", "get"), "kubeadm-certs"), true},
		{"version", "", rbacv1.PolicyRule{NonResourceURLs: []string{"/version"}, Verbs: []string{"get"}}, true},
		{"everything", "", rule("*", "*", "*"), false},
		{"approving by hand", "", rule(certificates, requests+"/approval", "update"), false},
		{"deleting requests", "", rule(certificates, requests, "delete"), false},
		{"all subresources", "", rule(certificates, requests+"/*", "create"), false},
		{"all configmaps", "kube-system", rule("", "configmaps", "get"), false},
		{"named configmaps everywhere", "", named(rule("", "configmaps", "get"), "x"), false},
		{"secrets", "kube-system", rule("", "secrets", "get"), false},
		{"another secret", "kube-system", named(rule("", "secrets", "get"), "kubeadm-certs", "x"), false},
		{"listing nodes", "", rule("", "nodes", "get", "list"), false},
		{"all paths", "", rbacv1.PolicyRule{NonResourceURLs: []string{"*"}, Verbs: []string{"*"}}, false},
	} {
		if got := isForJoining(test.rule, test.namespace); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestIsBootstrapRecognisesTheGroupsOfBootstrapTokens(t *testing.T) {
	for group, want := range map[string]bool{
		"system:bootstrappers": true, join.Karmada.Group(): true, "system:bootstrappers:x": true, "system:bootstrappersx": false, "system:masters": false,
	} {
		if isBootstrap(group) != want {
			t.Errorf("%s: %v", group, !want)
		}
	}
}

func TestOnlyTheGrantsOfKarmadaHaveObjects(t *testing.T) {
	for _, joiner := range join.Joiners() {
		for _, grant := range Grants(joiner) {
			if has := len(grant.Objects) > 0; has != (joiner == join.Karmada) {
				t.Errorf("%s: %s has %d objects", joiner, grant.Name, len(grant.Objects))
			}
		}
	}
}

func TestKarmadaIsRecognisedByTheGroupOfItsClusters(t *testing.T) {
	for _, joiner := range join.Joiners() {
		if group := joiner.Description().APIGroup; group.Name != kube.KarmadaGroup || group.Served != (joiner == join.Karmada) {
			t.Errorf("%s: %+v", joiner, group)
		}
	}
}
