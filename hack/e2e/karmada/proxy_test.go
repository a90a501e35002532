// SPDX-License-Identifier: Apache-2.0

package karmada_test

import (
	"maps"
	"slices"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestTokenRequestReachesTheMember(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	r, err := newClient(t, viaProxy(adminConfig(t, hub), "m1")).CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if who, err := member.WhoAmI(t.Context(), r.Status.Token); err != nil || who.Username != "system:serviceaccount:default:default" {
		t.Errorf("in the member the token authenticates as %q: %v", who.Username, err)
	}
	if who, err := hub.WhoAmI(t.Context(), r.Status.Token); !apierrors.IsUnauthorized(err) {
		t.Errorf("in the hub the token authenticates as %q: %v", who.Username, err)
	}
}

func TestProxyForwardsEveryVerb(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	configMaps, ctx := newClient(t, viaProxy(adminConfig(t, hub), "m1")).CoreV1().ConfigMaps("default"), t.Context()
	created, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: map[string]string{"test": "verbs"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	created.Data = map[string]string{"a": "b"}
	if _, err := configMaps.Update(ctx, created, metav1.UpdateOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := configMaps.Patch(ctx, created.Name, types.MergePatchType, []byte(`{"data":{"c":"d"}}`), metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
	found, err := configMaps.List(ctx, metav1.ListOptions{LabelSelector: "test=verbs"})
	if err != nil || len(found.Items) != 1 || !maps.Equal(found.Items[0].Data, map[string]string{"a": "b", "c": "d"}) {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := newClient(t, adminConfig(t, hub)).CoreV1().ConfigMaps("default").Get(ctx, created.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("in the hub: %v", err)
	}
	if err := configMaps.Delete(ctx, created.Name, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}

func TestHubAndMemberAuthorizeTheUser(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	path := viaProxy(impersonating(t, "alice"), "m1")
	get := func() error {
		_, err := newClient(t, path).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		return err
	}
	expectStatus(t, get(), 403, `clusters.cluster.karmada.io "m1" is forbidden: User "alice" cannot get resource "clusters/proxy" in API group "cluster.karmada.io" at the cluster scope`)
	grantUser(t, hub, "alice", "cluster.karmada.io", "clusters/proxy", "get", "create")
	expectStatus(t, get(), 403, `configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" in the namespace "default"`)
	grantUser(t, member, "alice", "", "configmaps", "list")
	if err := get(); err != nil {
		t.Error(err)
	}
	who, err := whoami(t, path)
	if err != nil || who.Username != "alice" || !slices.Equal(who.Groups, []string{"team", "system:authenticated"}) {
		t.Errorf("the member authenticates %+v: %v", who, err)
	}
}

func TestImpersonationCanBeRestricted(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	grantUser(t, hub, "bob", "cluster.karmada.io", "clusters/proxy", "create")
	grantUser(t, hub, "carol", "cluster.karmada.io", "clusters/proxy", "create")
	t.Run("bob only", func(t *testing.T) {
		bob, team := rbacv1.Subject{Kind: rbacv1.UserKind, Name: "bob"}, rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "team"}
		fakeKarmada.RestrictImpersonation(t, member, bob)
		_, err := whoami(t, viaProxy(impersonating(t, "bob"), "m1"))
		expectStatus(t, err, 403, `User "system:serviceaccount:karmada-cluster:karmada-impersonator" cannot impersonate`)
		fakeKarmada.RestrictImpersonation(t, member, bob, team)
		if _, err := whoami(t, viaProxy(impersonating(t, "bob"), "m1")); err != nil {
			t.Error(err)
		}
		_, err = whoami(t, viaProxy(impersonating(t, "carol"), "m1"))
		expectStatus(t, err, 403, `users "carol" is forbidden: User "system:serviceaccount:karmada-cluster:karmada-impersonator" cannot impersonate resource "users" in API group "" at the cluster scope`)
	})
	if _, err := whoami(t, viaProxy(impersonating(t, "carol"), "m1")); err != nil {
		t.Error(err)
	}
}

func TestOnlyServiceAccountsOfTheHubAreAccepted(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	_, memberToken := createServiceAccount(t, member, "of-member")
	_, err := whoami(t, viaProxy(withBearerToken(t, hub, memberToken), "m1"))
	expectStatus(t, err, 401, "Unauthorized")

	user, token := createServiceAccount(t, hub, "of-hub")
	_, err = whoami(t, viaProxy(withBearerToken(t, hub, token), "m1"))
	expectStatus(t, err, 403, `cannot create resource "clusters/proxy"`)
	grantUser(t, hub, user, "cluster.karmada.io", "clusters/proxy", "create")
	who, err := whoami(t, viaProxy(withBearerToken(t, hub, token), "m1"))
	if err != nil || who.Username != user || !slices.Contains(who.Groups, "system:serviceaccounts:default") {
		t.Errorf("the member authenticates %+v: %v", who, err)
	}
}
