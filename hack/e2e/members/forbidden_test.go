// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"context"
	"errors"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/karmada"
)

// grant gives a subject rights on a control plane until the test ends. It waits until the authorizer should know.
func (p controlPlane) grant(t testing.TB, name string, subject rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	t.Helper()
	roles, bindings := p.client.RbacV1().ClusterRoles(), p.client.RbacV1().ClusterRoleBindings()
	if _, err := roles.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := bindings.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{subject},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := errors.Join(bindings.Delete(ctx, name, metav1.DeleteOptions{}), roles.Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
			t.Error(err)
		}
	})
	const authorizerDelay = 300 * time.Millisecond
	time.Sleep(authorizerDelay)
}

func user(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}

func proxyRule(members ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{"cluster.karmada.io"}, Resources: []string{"clusters/proxy"}, ResourceNames: members, Verbs: []string{"get", "create"}}
}

func tokenRule() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, Verbs: []string{"create"}}
}

// TestForbiddenNamesTheMissingRight grants the rights for a member one after the other.
func TestForbiddenNamesTheMissingRight(t *testing.T) {
	joinMembers(t)
	const proxyRight = "clusters/proxy"
	const memberRight = "inside the member, for the user of the same name, the verb create on serviceaccounts/token in namespace default"
	args := []string{"sa", "token", "default", "--member", "east", "--as", "alice"}
	first := run(t, args...)
	first.Expect(t, 1, "the control plane refuses: ", `User "alice" cannot create resource "clusters/proxy"`, "hint: this needs two things: ", proxyRight, "resourceNames: [east]", memberRight)
	if first.Elapsed > time.Second {
		t.Errorf("the failure took %s", first.Elapsed)
	}
	run(t, "sa", "token", "default", "--members", "--as", "alice").Expect(t, 1, `cannot list resource "clusters"`, "hint: this needs the verb list on clusters of cluster.karmada.io")

	hub.grant(t, "proxy-for-alice", user("alice"), proxyRule("east"))
	run(t, args...).Expect(t, 1, "member east refuses: ", `User "alice" cannot create resource "serviceaccounts/token"`, "hint: this needs two things: clusters/proxy on the control plane, which is granted; and "+memberRight)

	east.grant(t, "token-for-alice", user("alice"), tokenRule())
	east.expectUser(t, run(t, args...).OK(t), robot)
	doc := run(t, "sa", "token", "default", "--member", "east,west", "--as", "alice", "-o", "json").Document(t)
	if len(doc.Items) != 1 || len(doc.Failures) != 1 || doc.Failures[0].Member != "west" || doc.Failures[0].Reason != "Forbidden" {
		t.Errorf("alice has rights in one member only, the document is %+v", doc)
	}

	exportArgs := []string{"sa", "kubeconfig", "default", "--member", "east", "--as", "alice"}
	run(t, exportArgs...).Expect(t, 1, `cannot get resource "clusters"`, "hint: this needs the verb get on clusters of cluster.karmada.io, on the control plane")
	hub.grant(t, "clusters-for-alice", user("alice"), rbacv1.PolicyRule{APIGroups: []string{"cluster.karmada.io"}, Resources: []string{"clusters"}, Verbs: []string{"get"}})
	run(t, exportArgs...).Expect(t, 1, "member east refuses: ", "inside the member, for the user of the same name, the verb get on configmaps in namespace default, which a Role can restrict to resourceNames: [kube-root-ca.crt]")
	east.grant(t, "authority-for-alice", user("alice"), rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}})
	run(t, exportArgs...).OK(t)

	fakeKarmada.RestrictImpersonation(t, east.ControlPlane, user("bob"))
	run(t, args...).Expect(t, 1, "member east refuses to let the control plane impersonate this user: ", "cannot impersonate resource", "hint: Karmada lets its impersonator", proxyRight, memberRight)
}

// TestViaHubNamesTheGroupThatTheImpersonatorMayNotActFor binds the groups of the ServiceAccount one after the other.
func TestViaHubNamesTheGroupThatTheImpersonatorMayNotActFor(t *testing.T) {
	joinMembers(t)
	account := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	hub.grant(t, "proxy-for-account", account, proxyRule())
	subjects, args := []rbacv1.Subject{account}, []string{"sa", "kubeconfig", "default", "--member", "east", "--via-hub"}
	for _, group := range []string{"system:serviceaccounts", "system:serviceaccounts:default"} {
		fakeKarmada.RestrictImpersonation(t, east.ControlPlane, subjects...)
		run(t, args...).Expect(t, 1, `impersonate group "`+group+`": `, "hint: ", "bind group "+group+" to a ClusterRole on clusters/proxy")
		subjects = append(subjects, rbacv1.Subject{Kind: rbacv1.GroupKind, Name: group})
	}
	fakeKarmada.RestrictImpersonation(t, east.ControlPlane, subjects...)
	run(t, args...).OK(t)
}

// TestUnavailableAggregatedAPIIsReported stops the fake Karmada, so that no member is reachable.
func TestUnavailableAggregatedAPIIsReported(t *testing.T) {
	joinMembers(t)
	fakeKarmada.Stop()
	defer func() {
		again, err := karmada.Serve(hub.ControlPlane)
		if err != nil {
			t.Fatal(err)
		}
		fakeKarmada = again
	}()
	run(t, "sa", "token", "default", "--members").Expect(t, 1, `Unreachable, 1 of 1 ("hub"): list members: `)
	run(t, "sa", "token", "default", "--member", "east").Expect(t, 1, `member "east" of context "hub": `)
	run(t, "token", "create", "--for", "north").Expect(t, 0, "warning: cannot tell whether members of these names exist: ")
}
