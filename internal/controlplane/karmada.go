// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	rbacv1 "k8s.io/api/rbac/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// The names that Karmada's installers use (karmada pkg/karmadactl/cmdinit/bootstraptoken, operator/pkg/karmadaresource/rbac
// and artifacts/deploy/bootstrap-token-configuration.yaml).
const (
	clusterInfoRole  = "system:karmada:bootstrap-signer-clusterinfo"
	bootstrapBinding = "system:karmada:agent-bootstrap"
	nodeBootstrapper = "system:node-bootstrapper" // every kube-apiserver creates it: create and read CSRs
	approver         = "system:karmada:certificatesigningrequest:autoapprover"
	approverBinding  = "system:karmada:agent-autoapprove-bootstrap"
	selfApprover     = "system:karmada:certificatesigningrequest:selfautoapprover"
	rotationBinding  = "system:karmada:agent-autoapprove-certificate-rotation"
	generatorRole    = "system:karmada:agent-rbac-generator"
)

// karmadaObjects returns the objects with which Karmada's installers grant rights.
func karmadaObjects(grant join.Grant) []kube.Object {
	to := holder(grant)
	switch grant.Name {
	case join.GrantAnonymousRead:
		return clusterInfoReader(to)
	case join.GrantCSRCreation:
		return []kube.Object{clusterRoleBinding(bootstrapBinding, nodeBootstrapper, to)}
	case join.GrantCSRApproval:
		return []kube.Object{approvalRole(approver, grant.Needs[0].Subresource), clusterRoleBinding(approverBinding, approver, to)}
	case join.GrantCSRRotation:
		return []kube.Object{approvalRole(selfApprover, grant.Needs[0].Subresource), clusterRoleBinding(rotationBinding, selfApprover, to)}
	case join.GrantAgentRBAC:
		return []kube.Object{agentGenerator(), clusterRoleBinding(generatorRole, generatorRole, to)}
	}
	return nil
}

// clusterInfoReader lets a subject read cluster-info.
func clusterInfoReader(to rbacv1.Subject) []kube.Object {
	rule := rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"},
		ResourceNames: []string{bootstrapapi.ConfigMapClusterInfo},
	}
	return []kube.Object{
		&rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: inPublic(clusterInfoRole), Rules: []rbacv1.PolicyRule{rule}},
		&rbacv1.RoleBinding{
			TypeMeta: kind("RoleBinding"), ObjectMeta: inPublic(clusterInfoRole),
			RoleRef: roleRef("Role", clusterInfoRole), Subjects: []rbacv1.Subject{to},
		},
	}
}

// agentGenerator is the role of the user as whom karmadactl register sets a member up. Its rules are those of
// karmada-operator, which are the fewest that work: karmadactl init grants everything.
func agentGenerator() *rbacv1.ClusterRole {
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(generatorRole), Rules: []rbacv1.PolicyRule{
		rule(kube.KarmadaGroup, []string{"create", "delete", "get", "list", "watch"}, "clusters"),
		rule(kube.KarmadaGroup, []string{"update"}, "clusters/status"),
		rule("config.karmada.io", []string{"get", "list", "watch"}, "resourceinterpretercustomizations", "resourceinterpreterwebhookconfigurations"),
		rule("work.karmada.io", []string{"create", "delete", "get", "list", "update", "watch"}, "works"),
		rule("work.karmada.io", []string{"patch", "update"}, "works/status"),
		rule("", []string{"create", "get"}, "namespaces"),
		rule("", []string{"create", "get", "patch"}, "secrets"),
		rule("", []string{"list", "watch"}, "services"),
		rule("", []string{"create", "patch", "update"}, "events"),
		rule("coordination.k8s.io", []string{"create", "get", "update"}, "leases"),
		rule(certificates, []string{"create", "delete", "get"}, requests),
		rule(rbacv1.GroupName, []string{"create", "delete"}, "clusterrolebindings", "clusterroles", "rolebindings", "roles"),
	}}
}
