// SPDX-License-Identifier: Apache-2.0

package karmada_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

const clusters = "/apis/cluster.karmada.io/v1alpha1/clusters"

// adminConfig returns the administrator's client configuration for a control plane.
func adminConfig(t *testing.T, cp *controlplane.ControlPlane) *rest.Config {
	t.Helper()
	c, err := cp.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newClient(t *testing.T, c *rest.Config) kubernetes.Interface {
	t.Helper()
	created, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// impersonating returns a client configuration for the hub in which the administrator impersonates a user.
func impersonating(t *testing.T, user string) *rest.Config {
	t.Helper()
	c := adminConfig(t, hub)
	c.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated", "team"}}
	return c
}

// withBearerToken returns a client configuration for a control plane with a bearer token.
func withBearerToken(t *testing.T, cp *controlplane.ControlPlane, token string) *rest.Config {
	t.Helper()
	c := rest.AnonymousClientConfig(adminConfig(t, cp))
	c.BearerToken = token
	return c
}

// viaProxy returns a copy of a hub's configuration that leads to a member through the cluster proxy.
func viaProxy(c *rest.Config, name string) *rest.Config {
	c = rest.CopyConfig(c)
	c.Host += clusters + "/" + name + "/proxy"
	return c
}

// grantUser gives a user, or a ServiceAccount by its user name, verbs on one resource until the test ends. It returns when
// the authorizer knows.
func grantUser(t *testing.T, cp *controlplane.ControlPlane, user, apiGroup, resource string, verbs ...string) {
	t.Helper()
	admin, ctx := newClient(t, adminConfig(t, cp)), context.WithoutCancel(t.Context())
	meta := metav1.ObjectMeta{Name: strings.NewReplacer("/", "-", ":", "-").Replace(user + "-" + resource)}
	_, err1 := admin.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{apiGroup}, Resources: []string{resource}, Verbs: verbs,
	}}}, metav1.CreateOptions{})
	_, err2 := admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	t.Cleanup(func() {
		err1 := admin.RbacV1().ClusterRoleBindings().Delete(ctx, meta.Name, metav1.DeleteOptions{})
		err2 := admin.RbacV1().ClusterRoles().Delete(ctx, meta.Name, metav1.DeleteOptions{})
		if err1 != nil || err2 != nil {
			t.Error(err1, err2)
		}
	})
	program.Eventually(t, 10*time.Second, func() error { return checkAllowed(ctx, admin, user, apiGroup, resource, verbs[0]) })
}

// createServiceAccount creates a ServiceAccount until the test ends, and returns its user name and a token.
func createServiceAccount(t *testing.T, cp *controlplane.ControlPlane, name string) (user, token string) {
	t.Helper()
	core, ctx := newClient(t, adminConfig(t, cp)).CoreV1(), context.WithoutCancel(t.Context())
	_, err := core.ServiceAccounts("default").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := core.ServiceAccounts("default").Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	r, err := core.ServiceAccounts("default").CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return "system:serviceaccount:default:" + name, r.Status.Token
}

// whoami returns the user that the client authenticates as.
func whoami(t *testing.T, c *rest.Config) (authenticationv1.UserInfo, error) {
	t.Helper()
	r, err := newClient(t, c).AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	return r.Status.UserInfo, nil
}

// expectStatus fails the test unless err is an API error with this code and a message that contains text.
func expectStatus(t *testing.T, err error, code int32, text string) {
	t.Helper()
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		t.Fatalf("not an API error: %v", err)
	}
	if s := answer.Status(); s.Code != code || !strings.Contains(s.Message, text) {
		t.Errorf("%d %s, want %d with %q", s.Code, s.Message, code, text)
	}
}

// checkAllowed returns nil if a control plane allows a user a verb on a resource.
func checkAllowed(ctx context.Context, admin kubernetes.Interface, user, apiGroup, resource, verb string) error {
	resource, subresource, _ := strings.Cut(resource, "/")
	r, err := admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: apiGroup, Resource: resource, Subresource: subresource, Verb: verb},
	}}, metav1.CreateOptions{})
	if err == nil && !r.Status.Allowed {
		err = errors.New("not allowed yet: " + r.Status.Reason)
	}
	return err
}
