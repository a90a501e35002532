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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const (
	impersonator  = "karmada-impersonator"
	effectTimeout = 10 * time.Second
)

// A member is a control plane in which there is an impersonator.
type member struct {
	name   string // of the Secret in the hub
	client kubernetes.Interface
}

// Impersonates limits, until the test ends, whom the proxy may act for in a member: users of these names in any groups,
// and no ServiceAccounts. Without it there is no limit.
func (k *Karmada) Impersonates(t testing.TB, in *controlplane.ControlPlane, users ...string) {
	t.Helper()
	m, ctx := k.member(t, in), context.WithoutCancel(t.Context())
	rules := []object{{"apiGroups": []string{""}, "verbs": []string{"impersonate"}, "resources": []string{"groups"}}}
	if len(users) > 0 {
		rules = append(rules, object{"apiGroups": []string{""}, "verbs": []string{"impersonate"}, "resources": []string{"users"}, "resourceNames": users})
	}
	if err := m.allow(ctx, rules); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.allow(ctx, everybody()); err != nil {
			t.Error(err)
		}
	})
}

// member makes the impersonator in a control plane and lets the hub know its token, the first time.
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
	token, err := m.prepare(t.Context())
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

// prepare makes the impersonator, and returns its token.
func (m *member) prepare(ctx context.Context) (string, error) {
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
		m.allow(ctx, everybody()),
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

// everybody are the rules that let the impersonator act for anybody.
func everybody() []object {
	return []object{{"apiGroups": []string{""}, "verbs": []string{"impersonate"}, "resources": []string{"users", "groups", "serviceaccounts"}}}
}

// allow gives the impersonator its rules, and waits until the member goes by them: one more of them is for asking.
func (m *member) allow(ctx context.Context, rules []object) error {
	sign := "/rules/" + string(uuid.NewUUID())
	err := apply(ctx, m.client, "/apis/rbac.authorization.k8s.io/v1/clusterroles/"+impersonator, object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": object{"name": impersonator},
		"rules": append(rules, object{"verbs": []string{"get"}, "nonResourceURLs": []string{sign}}),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, effectTimeout)
	defer cancel()
	return eventually(ctx, "the impersonator's rules", func(ctx context.Context) error {
		review, err := m.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:                  "system:serviceaccount:" + clusterNamespace + ":" + impersonator,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: sign},
		}}, metav1.CreateOptions{})
		if err == nil && !review.Status.Allowed {
			err = errors.New(review.Status.Reason)
		}
		return err
	})
}
