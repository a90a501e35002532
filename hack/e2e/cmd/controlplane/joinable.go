// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	joinGroup       = "system:bootstrappers:karmada:default-cluster-token"
	clusterInfoRole = "system:karmada:bootstrap-signer-clusterinfo"
	bootstrapName   = "system:karmada:agent-bootstrap"
	approveRole     = "system:karmada:certificatesigningrequest:autoapprover"
	approveBinding  = "system:karmada:agent-autoapprove-bootstrap"
	generatorName   = "system:karmada:agent-rbac-generator"
)

// makeJoinable creates the objects of karmadactl init for members that join with
// a bootstrap token: cluster-info, its RBAC, and the RBAC of the token's group.
func makeJoinable(ctx context.Context, client kubernetes.Interface, admin *rest.Config) error {
	kubeconfig, err := clientcmd.Write(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"": {Server: admin.Host, CertificateAuthorityData: admin.CAData}},
	})
	if err != nil {
		return err
	}
	core, rbac, create := client.CoreV1(), client.RbacV1(), metav1.CreateOptions{}
	_, err1 := core.ConfigMaps(metav1.NamespacePublic).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "cluster-info"},
		Data:       map[string]string{"kubeconfig": string(kubeconfig)},
	}, create)
	_, err2 := rbac.Roles(metav1.NamespacePublic).Create(ctx, &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: clusterInfoRole},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"cluster-info"}, Verbs: []string{"get"},
		}},
	}, create)
	_, err3 := rbac.RoleBindings(metav1.NamespacePublic).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: clusterInfoRole},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: clusterInfoRole},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "system:anonymous"}},
	}, create)
	_, err4 := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: approveRole},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"certificatesigningrequests/clusteragent"}, Verbs: []string{"create"},
		}},
	}, create)
	_, err5 := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: generatorName},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "system:karmada:agent:rbac-generator"}},
	}, create)
	return errors.Join(err1, err2, err3, err4, err5,
		bindJoinGroup(ctx, client, bootstrapName, "system:node-bootstrapper"),
		bindJoinGroup(ctx, client, approveBinding, approveRole))
}

// bindJoinGroup binds a ClusterRole to the group of joining members.
func bindJoinGroup(ctx context.Context, client kubernetes.Interface, name, role string) error {
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: joinGroup}},
	}, metav1.CreateOptions{})
	return err
}
