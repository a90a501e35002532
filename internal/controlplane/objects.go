// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/join"
)

const (
	bootstrappers = "system:bootstrappers" // the group of all bootstrap tokens
	certificates  = "certificates.k8s.io"
	requests      = "certificatesigningrequests"
)

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

// holder returns the user or group to which rights are granted.
func holder(grant join.Grant) rbacv1.Subject {
	if grant.ToGroup {
		return subject(rbacv1.GroupKind, grant.Holder())
	}
	return subject(rbacv1.UserKind, grant.Holder())
}

// approvalRole returns a ClusterRole that gets certificate requests of one kind approved automatically.
func approvalRole(name, subresource string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(name),
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{certificates}, Resources: []string{requests + "/" + subresource}, Verbs: []string{"create"}}},
	}
}

// clusterRoleBinding returns a ClusterRoleBinding.
func clusterRoleBinding(name, role string, to rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta: kind("ClusterRoleBinding"), ObjectMeta: clusterWide(name),
		RoleRef: roleRef("ClusterRole", role), Subjects: []rbacv1.Subject{to},
	}
}
