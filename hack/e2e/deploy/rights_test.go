// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestEachServiceAccountHasTheRightsOfItsJobAndNoOthers tries every verb on every resource that matters.
func TestEachServiceAccountHasTheRightsOfItsJobAndNoOthers(t *testing.T) {
	t.Parallel()
	published := []string{"get joinctl/secrets/join-member1", "update joinctl/secrets/join-member1"}
	for account, want := range map[string][]string{
		"joinctl-audit":  {"list kube-system/secrets"},
		"joinctl-prune":  {"delete kube-system/secrets", "list kube-system/secrets"},
		"joinctl-ensure": append([]string{"create kube-system/secrets", "list kube-system/secrets"}, published...),
		"default":        nil,
	} {
		t.Run(account, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, attributes := range grid() {
				review, err := admin.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
					Spec: authorizationv1.SubjectAccessReviewSpec{User: user(account), Groups: groups(), ResourceAttributes: &attributes},
				}, metav1.CreateOptions{})
				must(t, err)
				if review.Status.Allowed {
					a := attributes
					got = append(got, strings.TrimSuffix(a.Verb+" "+a.Namespace+"/"+a.Resource+"/"+a.Name, "/"))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s may %q, want %q", account, got, want)
			}
		})
	}
}

// grid returns every verb on every resource that could lead further, in every namespace that matters.
func grid() []authorizationv1.ResourceAttributes {
	var out []authorizationv1.ResourceAttributes
	for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "approve"} {
		for resource, group := range map[string]string{
			"secrets": "", "configmaps": "", "serviceaccounts": "", "pods": "", "nodes": "", "users": "", "groups": "", "namespaces": "",
			"roles": "rbac.authorization.k8s.io", "rolebindings": "rbac.authorization.k8s.io",
			"clusterroles": "rbac.authorization.k8s.io", "clusterrolebindings": "rbac.authorization.k8s.io",
			"certificatesigningrequests": "certificates.k8s.io", "signers": "certificates.k8s.io",
			"validatingadmissionpolicies": "admissionregistration.k8s.io", "validatingadmissionpolicybindings": "admissionregistration.k8s.io",
			"jobs": "batch", "cronjobs": "batch",
		} {
			for _, where := range []string{"kube-system", "kube-public", "default", namespace} {
				out = append(out, authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource, Namespace: where})
			}
		}
		out = append(out,
			authorizationv1.ResourceAttributes{Verb: verb, Resource: "secrets", Namespace: namespace, Name: "join-member1"},
			authorizationv1.ResourceAttributes{Verb: verb, Resource: "secrets", Namespace: namespace, Name: "other"},
			authorizationv1.ResourceAttributes{Verb: verb, Resource: "serviceaccounts", Subresource: "token", Namespace: "kube-system"},
			authorizationv1.ResourceAttributes{Verb: verb, Resource: "pods", Subresource: "exec", Namespace: namespace},
		)
	}
	return out
}

func TestEachServiceAccountDoesItsJob(t *testing.T) {
	t.Parallel()
	tok := joinctlAs(t, "joinctl-ensure", "token", "create", "--for", "member1").OK(t)
	id, _, _ := strings.Cut(tok, ".")
	joinctlAs(t, "joinctl-ensure", "token", "create", "--for", "member1", "--skip-existing").Expect(t, 0, "skipped")
	joinctlAs(t, "joinctl-ensure", "token", "create", "--joiner", "kubeadm").OK(t)
	if names := joinctlAs(t, "joinctl-audit", "token", "list", "-o", "name", "--for", "member1").OK(t); names != "secret/bootstrap-token-"+id {
		t.Errorf("joinctl-audit lists %q", names)
	}
	joinctlAs(t, "joinctl-audit", "token", "create").Expect(t, 1, "cannot create resource")
	joinctlAs(t, "joinctl-audit", "token", "delete", id).Expect(t, 1, "cannot delete resource")
	joinctlAs(t, "joinctl-ensure", "token", "delete", id).Expect(t, 1, "cannot delete resource")
	joinctlAs(t, "joinctl-prune", "token", "create").Expect(t, 1, "cannot create resource")
	joinctlAs(t, "joinctl-prune", "token", "delete", id).OK(t)
}
