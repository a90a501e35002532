// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// The names that Karmada's installers use (karmada pkg/karmadactl/cmdinit/bootstraptoken, operator/pkg/karmadaresource/rbac
// and artifacts/deploy/bootstrap-token-configuration.yaml).
const (
	clusterInfoRole  = "system:karmada:bootstrap-signer-clusterinfo"
	bootstrapBinding = "system:karmada:agent-bootstrap"
	nodeBootstrapper = "system:node-bootstrapper" // every kube-apiserver makes it: create and read CSRs
	approver         = "system:karmada:certificatesigningrequest:autoapprover"
	approverBinding  = "system:karmada:agent-autoapprove-bootstrap"
	selfApprover     = "system:karmada:certificatesigningrequest:selfautoapprover"
	rotationBinding  = "system:karmada:agent-autoapprove-certificate-rotation"
	generatorRole    = "system:karmada:agent-rbac-generator"

	anonymous     = "system:anonymous"
	generator     = "system:karmada:agent:rbac-generator" // the user as whom karmadactl register sets a member up
	agents        = "system:karmada:agents"               // the group of all members' agents
	bootstrappers = "system:bootstrappers"                // the group of all bootstrap tokens
	certificates  = "certificates.k8s.io"
	requests      = "certificatesigningrequests"
)

func anonymousRead() Grant {
	rule := rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"},
		ResourceNames: []string{bootstrapapi.ConfigMapClusterInfo},
	}
	return Grant{
		Name:    "anonymous-read",
		Purpose: "a joiner reads cluster-info before it has a credential",
		Who:     kube.Subject{User: anonymous, Groups: []string{"system:unauthenticated"}},
		Called:  "user " + anonymous,
		Needs:   []kube.Access{{Verb: "get", Resource: "configmaps", Namespace: metav1.NamespacePublic, Name: bootstrapapi.ConfigMapClusterInfo}},
		Lack:    Error,
		Objects: []kube.Object{
			&rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: inPublic(clusterInfoRole), Rules: []rbacv1.PolicyRule{rule}},
			&rbacv1.RoleBinding{
				TypeMeta: kind("RoleBinding"), ObjectMeta: inPublic(clusterInfoRole),
				RoleRef: roleRef("Role", clusterInfoRole), Subjects: []rbacv1.Subject{subject(rbacv1.UserKind, anonymous)},
			},
		},
	}
}

func csrCreation(joiner join.Joiner) Grant {
	return Grant{
		Name:    "csr-creation",
		Purpose: "a joiner requests a certificate with its token, and fetches it",
		Who:     joining(joiner),
		Called:  "group " + joiner.Group(),
		Needs:   []kube.Access{{Verb: "create", Group: certificates, Resource: requests}, {Verb: "get", Group: certificates, Resource: requests}},
		Lack:    Error,
		Objects: []kube.Object{bind(bootstrapBinding, nodeBootstrapper, subject(rbacv1.GroupKind, joiner.Group()))},
	}
}

// approval is what an approver asks the server before it approves: agentcsrapproving of karmada-controller-manager
// (karmada pkg/controllers/certificate/approver), csrapproving of kube-controller-manager.
func approval(joiner join.Joiner) []Grant {
	first, rotation, holders := "clusteragent", "selfclusteragent", agents
	if joiner == join.Kubeadm {
		first, rotation, holders = "nodeclient", "selfnodeclient", "system:nodes"
	}
	return []Grant{{
		Name:    "csr-approval",
		Purpose: "the request that comes with a token is approved without anybody's doing",
		Who:     joining(joiner),
		Called:  "group " + joiner.Group(),
		Needs:   []kube.Access{{Verb: "create", Group: certificates, Resource: requests, Subresource: first}},
		Lack:    Error,
		Objects: []kube.Object{
			approves(approver, first),
			bind(approverBinding, approver, subject(rbacv1.GroupKind, joiner.Group())),
		},
	}, {
		Name:    "csr-rotation",
		Purpose: "whoever has joined gets a new certificate before the old one expires",
		Who:     kube.Subject{User: "system:joined:000000", Groups: []string{holders, "system:authenticated"}},
		Called:  "group " + holders,
		Needs:   []kube.Access{{Verb: "create", Group: certificates, Resource: requests, Subresource: rotation}},
		Lack:    Warning,
		Objects: []kube.Object{
			approves(selfApprover, rotation),
			bind(rotationBinding, selfApprover, subject(rbacv1.GroupKind, holders)),
		},
	}}
}

// agentRBAC is what karmadactl register does as the rbac-generator: the rights that it gives the member's agent it has
// to have itself (karmada pkg/karmadactl/register/register.go; the rules are those of karmada-operator, the least that do:
// karmadactl init grants everything).
func agentRBAC() Grant {
	const rbac = rbacv1.GroupName
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return Grant{
		Name:    "agent-rbac",
		Purpose: "karmadactl register gives the member's agent its rights, as user " + generator,
		Who:     kube.Subject{User: generator, Groups: []string{agents, "system:authenticated"}},
		Called:  "user " + generator,
		Needs: []kube.Access{
			{Verb: "get", Group: kube.KarmadaGroup, Resource: "clusters"},
			{Verb: "create", Group: rbac, Resource: "clusterroles"},
			{Verb: "create", Group: rbac, Resource: "clusterrolebindings"},
			{Verb: "create", Group: rbac, Resource: "roles"},
			{Verb: "create", Group: rbac, Resource: "rolebindings"},
			{Verb: "create", Resource: "namespaces"},
			{Verb: "get", Resource: "secrets"},
			{Verb: "update", Group: "coordination.k8s.io", Resource: "leases"},
			{Verb: "create", Group: "work.karmada.io", Resource: "works"},
			{Verb: "delete", Group: certificates, Resource: requests},
		},
		Lack: Error,
		Power: "whoever holds a bootstrap token of the joiners' group can become this user where requests are approved automatically: " +
			"it reads every Secret of the control plane, and creates and deletes roles and bindings",
		Objects: []kube.Object{
			&rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(generatorRole), Rules: []rbacv1.PolicyRule{
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
				rule(rbac, []string{"create", "delete"}, "clusterrolebindings", "clusterroles", "rolebindings", "roles"),
			}},
			bind(generatorRole, generatorRole, subject(rbacv1.UserKind, generator)),
		},
	}
}
