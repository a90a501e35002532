// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const (
	impersonator = "karmada-impersonator"
	rulesTimeout = 10 * time.Second
)

// A member is a control plane with a ServiceAccount for impersonation.
type member struct {
	name   string // name of its Secret in the hub
	client kubernetes.Interface
}

// RestrictImpersonation lets the proxy impersonate only these subjects in a member until the test ends, as Karmada does with
// the subjects of the hub's bindings on clusters/proxy: a user or a ServiceAccount only with all its groups. Without it the
// proxy may impersonate everyone.
func (k *Karmada) RestrictImpersonation(t testing.TB, in *controlplane.ControlPlane, subjects ...rbacv1.Subject) {
	t.Helper()
	m, ctx := k.member(t, in), context.WithoutCancel(t.Context())
	resources := map[string]string{rbacv1.UserKind: "users", rbacv1.GroupKind: "groups", rbacv1.ServiceAccountKind: "serviceaccounts"}
	var rules []object
	for _, subject := range subjects {
		rules = append(rules, object{
			"apiGroups": []string{""}, "verbs": []string{"impersonate"},
			"resources": []string{resources[subject.Kind]}, "resourceNames": []string{subject.Name},
		})
	}
	if err := m.setRules(ctx, rules); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.setRules(ctx, unrestricted()); err != nil {
			t.Error(err)
		}
	})
}

// member returns a member. The first call creates its impersonator, and a Secret with the impersonator's token in the hub.
func (k *Karmada) member(t testing.TB, cp *controlplane.ControlPlane) *member {
	t.Helper()
	k.lock.Lock()
	defer k.lock.Unlock()
	if m, known := k.members[cp]; known {
		return m
	}
	client, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	m := &member{name: strings.ReplaceAll(cp.Host, ":", "-"), client: client}
	token, err := m.createImpersonator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]object{
		m.name:                   {"caBundle": string(cp.CAData)},
		m.name + "-impersonator": {"token": token},
	} {
		err := apply(t.Context(), k.client, "/api/v1/namespaces/"+clusterNamespace+"/secrets/"+name, object{
			"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name}, "stringData": data,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	k.members[cp] = m
	return m
}

// createImpersonator creates the impersonator and returns its token.
func (m *member) createImpersonator(ctx context.Context) (string, error) {
	account := object{"kind": "ServiceAccount", "namespace": clusterNamespace, "name": impersonator}
	err := errors.Join(
		apply(ctx, m.client, "/api/v1/namespaces/"+clusterNamespace, namespace(clusterNamespace)),
		apply(ctx, m.client, "/api/v1/namespaces/"+clusterNamespace+"/serviceaccounts/"+impersonator, object{
			"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": impersonator},
		}),
		apply(ctx, m.client, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/"+impersonator, object{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": object{"name": impersonator},
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": impersonator},
			"subjects": []object{account},
		}),
		m.setRules(ctx, unrestricted()),
	)
	if err != nil {
		return "", err
	}
	request, err := m.client.CoreV1().ServiceAccounts(clusterNamespace).CreateToken(ctx, impersonator, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("create a token for the impersonator: %w", err)
	}
	return request.Status.Token, nil
}

// unrestricted returns rules that allow the impersonator to impersonate everyone.
func unrestricted() []object {
	return []object{{"apiGroups": []string{""}, "verbs": []string{"impersonate"}, "resources": []string{"users", "groups", "serviceaccounts"}}}
}

// setRules sets the rules of the impersonator. It adds a marker rule and waits until the member's authorizer knows it.
func (m *member) setRules(ctx context.Context, rules []object) error {
	marker := "/rules/" + string(uuid.NewUUID())
	err := apply(ctx, m.client, "/apis/rbac.authorization.k8s.io/v1/clusterroles/"+impersonator, object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": object{"name": impersonator},
		"rules": append(rules, object{"verbs": []string{"get"}, "nonResourceURLs": []string{marker}}),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rulesTimeout)
	defer cancel()
	return eventually(ctx, "the impersonator's rules", func(ctx context.Context) error {
		review, err := m.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:                  "system:serviceaccount:" + clusterNamespace + ":" + impersonator,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: marker},
		}}, metav1.CreateOptions{})
		if err == nil && !review.Status.Allowed {
			err = errors.New(review.Status.Reason)
		}
		return err
	})
}
