// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// A binding is a RoleBinding or a ClusterRoleBinding.
type binding struct {
	object    kube.Object
	namespace string // of its rights; empty: all
	role      rbacv1.RoleRef
	subjects  []rbacv1.Subject
}

// groups finds groups of bootstrap tokens with more rights than joining needs. A token is short, appears on command lines
// and is seldom revoked.
func (e *examination) groups(ctx context.Context) error {
	bindings, err := allBindings(ctx, e.c)
	if err != nil {
		return err
	}
	for _, b := range bindings {
		at := slices.IndexFunc(b.subjects, func(s rbacv1.Subject) bool { return s.Kind == rbacv1.GroupKind && isBootstrap(s.Name) })
		if at < 0 {
			continue
		}
		rules, err := rulesOf(ctx, e.c, b)
		if failure.ReasonOf(err) == failure.NotFound {
			continue // a binding without its role grants nothing
		}
		if err != nil {
			return err
		}
		if excess := slices.IndexFunc(rules, func(rule rbacv1.PolicyRule) bool { return !isForJoining(rule, b.namespace) && !isOfOCM(rule, b) }); excess >= 0 {
			e.report("group-rights", Error, "whoever has a token has these rights: delete the binding",
				"%s grants group %s more than joining needs: %s %s, which may %s", Describe(b.object), b.subjects[at].Name,
				strings.ToLower(b.role.Kind), b.role.Name, describe(rules[excess]))
		}
	}
	return nil
}

// isBootstrap reports whether bootstrap tokens can have a group
// (k8s.io/cluster-bootstrap/token/api/types.go).
func isBootstrap(group string) bool {
	return group == bootstrappers || strings.HasPrefix(group, bootstrappers+":")
}

func allBindings(ctx context.Context, c *kube.Client) ([]binding, error) {
	everywhere, err := c.ClusterRoleBindings(ctx)
	if err != nil {
		return nil, fmt.Errorf("list clusterrolebindings: %w", err)
	}
	inNamespaces, err := c.RoleBindings(ctx)
	if err != nil {
		return nil, fmt.Errorf("list rolebindings: %w", err)
	}
	var all []binding
	for i := range everywhere {
		b := &everywhere[i]
		b.TypeMeta = kind("ClusterRoleBinding")
		all = append(all, binding{b, "", b.RoleRef, b.Subjects})
	}
	for i := range inNamespaces {
		b := &inNamespaces[i]
		b.TypeMeta = kind("RoleBinding")
		all = append(all, binding{b, b.Namespace, b.RoleRef, b.Subjects})
	}
	return all, nil
}

// rulesOf reads the rules of the role that a binding grants.
func rulesOf(ctx context.Context, c *kube.Client, b binding) ([]rbacv1.PolicyRule, error) {
	var err error
	if b.role.Kind == "Role" {
		role := &rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: metav1.ObjectMeta{Namespace: b.namespace, Name: b.role.Name}}
		if err = c.Read(ctx, role); err == nil {
			return role.Rules, nil
		}
	} else {
		role := &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(b.role.Name)}
		if err = c.Read(ctx, role); err == nil {
			return role.Rules, nil
		}
	}
	return nil, fmt.Errorf("read the role of %s: %w", Describe(b.object), err)
}

// isForJoining reports whether installers give a rule to joiners: all on certificate requests except approving them, and
// the few objects that joiners read. A rule without names is for all objects.
func isForJoining(rule rbacv1.PolicyRule, namespace string) bool {
	within := func(groups, resources []string, verbs ...string) bool {
		return subset(rule.APIGroups, groups) && subset(rule.Resources, resources) && subset(rule.Verbs, verbs)
	}
	core, csr := []string{""}, []string{certificates}
	switch {
	case len(rule.APIGroups) == 0 && len(rule.Resources) == 0:
		return subset(rule.Verbs, []string{"get"}) // of paths outside the API, such as /healthz
	case within(csr, []string{requests}, "create", "get", "list", "watch"):
		return true
	case within(csr, []string{
		requests + "/clusteragent", requests + "/nodeclient", requests + "/selfclusteragent", requests + "/selfnodeclient",
		requests + "/seedclient", requests + "/shootclient",
	}, "create"): // the last two of Gardener
		return true
	case within(core, []string{"nodes"}, "get"):
		return true
	case within(core, []string{"configmaps"}, "get", "list", "watch"): // k0s watches the configuration of its workers
		return len(rule.ResourceNames) > 0 && (namespace == metav1.NamespaceSystem || namespace == metav1.NamespacePublic)
	case within(core, []string{"secrets"}, "get"): // encrypted; kubeadm init phase upload-certs
		return namespace == metav1.NamespaceSystem && slices.Equal(rule.ResourceNames, []string{"kubeadm-certs"})
	}
	return false
}

// isOfOCM reports whether Open Cluster Management gives a rule to clusters that join its hub
// (open-cluster-management.io/ocm/deploy/cluster-manager/chart/cluster-manager/templates/bootstrap_cluster_role.yaml).
func isOfOCM(rule rbacv1.PolicyRule, b binding) bool {
	const group = "cluster.open-cluster-management.io"
	if b.role.Kind != "ClusterRole" || b.role.Name != "open-cluster-management:bootstrap" {
		return false
	}
	return slices.ContainsFunc([]rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}},
		{APIGroups: []string{group}, Resources: []string{"managedclusters"}, Verbs: []string{"get", "create", "list", "watch"}},
		{APIGroups: []string{group}, Resources: []string{"managedclustersets/join"}, Verbs: []string{"create"}},
	}, func(known rbacv1.PolicyRule) bool {
		return subset(rule.APIGroups, known.APIGroups) && subset(rule.Resources, known.Resources) && subset(rule.Verbs, known.Verbs)
	})
}

func subset(some, of []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(of, s) })
}

// describe returns the verbs and resources of a rule.
func describe(rule rbacv1.PolicyRule) string {
	return strings.Join(rule.Verbs, ",") + " " + strings.Join(append(slices.Clone(rule.Resources), rule.NonResourceURLs...), ",")
}
