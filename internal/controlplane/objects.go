// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// nodeReads is what kubeadm join reads with the token before it requests a certificate. kubeadm init allows it
// (cmd/kubeadm/app/phases/bootstraptoken, .../uploadconfig).
func nodeReads() Grant {
	config := func(name string) kube.Access {
		return kube.Access{Verb: "get", Resource: "configmaps", Namespace: metav1.NamespaceSystem, Name: name}
	}
	return Grant{
		Name:    "node-reads",
		Purpose: "kubeadm join looks for a node of its name, and reads how to configure the kubelet",
		Who:     joining(join.Kubeadm),
		Called:  "group " + join.Kubeadm.Group(),
		Needs:   []kube.Access{{Verb: "get", Resource: "nodes"}, config("kubeadm-config"), config("kubelet-config")},
		Lack:    Error,
	}
}

func kind(name string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: name}
}

func inPublic(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: metav1.NamespacePublic, Name: name}
}

func clusterWide(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func roleRef(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

func subject(kind, name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

// approves makes a ClusterRole whose holders' certificate requests of one kind are approved.
func approves(name, subresource string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(name),
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{certificates}, Resources: []string{requests + "/" + subresource}, Verbs: []string{"create"}}},
	}
}

// bind makes a ClusterRoleBinding.
func bind(name, role string, to rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta: kind("ClusterRoleBinding"), ObjectMeta: clusterWide(name),
		RoleRef: roleRef("ClusterRole", role), Subjects: []rbacv1.Subject{to},
	}
}
