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

// agentGenerator is the role of the user as whom karmadactl register sets a member up. It has the fewest rules that work:
// karmadactl init grants everything.
func agentGenerator() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(generatorRole), Rules: join.GeneratorRules()}
}
