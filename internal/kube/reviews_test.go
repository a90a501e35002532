// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAnAccessIsWrittenAsInErrorsOfTheAPI(t *testing.T) {
	t.Parallel()
	for want, access := range map[string]Access{
		"list secrets": {Verb: "list", Resource: "secrets"},
		"get configmaps/cluster-info in kube-public":                       {Verb: "get", Resource: "configmaps", Name: "cluster-info", Namespace: "kube-public"},
		"create certificatesigningrequests.certificates.k8s.io/nodeclient": {Verb: "create", Group: "certificates.k8s.io", Resource: "certificatesigningrequests", Subresource: "nodeclient"},
		"get clusters.cluster.karmada.io/proxy/m1":                         {Verb: "get", Group: "cluster.karmada.io", Resource: "clusters", Subresource: "proxy", Name: "m1"},
		"update roles.rbac.authorization.k8s.io/joiner in kube-system":     {Verb: "update", Group: "rbac.authorization.k8s.io", Resource: "roles", Name: "joiner", Namespace: "kube-system"},
	} {
		if got := access.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAccessToAnObjectHasItsResourceAndNoNameForANewOne(t *testing.T) {
	t.Parallel()
	meta := metav1.ObjectMeta{Namespace: "ns", Name: "a"}
	for resource, obj := range map[string]Object{
		"configmaps": &corev1.ConfigMap{ObjectMeta: meta},
		"certificatesigningrequests.certificates.k8s.io": &certificatesv1.CertificateSigningRequest{ObjectMeta: meta},
		"roles.rbac.authorization.k8s.io":                &rbacv1.Role{ObjectMeta: meta},
		"rolebindings.rbac.authorization.k8s.io":         &rbacv1.RoleBinding{ObjectMeta: meta},
		"clusterroles.rbac.authorization.k8s.io":         &rbacv1.ClusterRole{ObjectMeta: meta},
		"clusterrolebindings.rbac.authorization.k8s.io":  &rbacv1.ClusterRoleBinding{ObjectMeta: meta},
	} {
		if got := AccessTo("update", obj).String(); got != "update "+resource+"/a in ns" {
			t.Errorf("%s: got %q", resource, got)
		}
		if got := AccessTo("create", obj).String(); got != "create "+resource+" in ns" {
			t.Errorf("%s: got %q", resource, got)
		}
	}
}
