// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"context"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const robot = "robot"

// revocation is how long the server may accept a token that is revoked, and some time to spare.
const revocation = 20 * time.Second

// namespace makes one for the test, with the ServiceAccount robot.
func (h *hub) namespace(t testing.TB) string {
	t.Helper()
	made, err := h.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.account(t, made.Name, robot)
	return made.Name
}

func (h *hub) account(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// pod makes a Pod that runs as robot.
func (h *hub) pod(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{ServiceAccountName: robot, Containers: []corev1.Container{{Name: "c", Image: "x"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *hub) secret(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// bindings returns how many Secrets are there to bind tokens to.
func (h *hub) bindings(t testing.TB, namespace string) int {
	t.Helper()
	found, err := h.client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "joinctl.io/binds"})
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Items)
}

// whoami returns who the bearer of a token is to the API server.
func (h *hub) whoami(ctx context.Context, bearer string) (string, error) {
	admin, err := h.ClientConfig()
	if err != nil {
		return "", err
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken = bearer
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", err
	}
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	return review.Status.UserInfo.Username, nil
}

// is fails the test unless a token is that of robot.
func (h *hub) is(t testing.TB, namespace, bearer string) {
	t.Helper()
	if who, err := h.whoami(t.Context(), bearer); err != nil || who != "system:serviceaccount:"+namespace+":"+robot {
		t.Errorf("the token is that of %q: %v", who, err)
	}
}

// dies fails the test unless the server refuses a token within the time that it may take.
func (h *hub) dies(t testing.TB, bearer string) {
	t.Helper()
	for deadline := time.Now().Add(revocation); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if _, err := h.whoami(t.Context(), bearer); err != nil && strings.Contains(err.Error(), "Unauthorized") {
			return
		}
	}
	t.Errorf("the server still accepts it after %s", revocation)
}

// through writes a kubeconfig that reaches the hub at another address, as a ServiceAccount that may do everything: its
// credential is a bearer token, which passes a proxy.
func (h *hub) through(t testing.TB, namespace, server string, ca []byte) string {
	t.Helper()
	h.account(t, namespace, "admin")
	_, err := h.client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: "admin"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["hub"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: run(t, "joinctl", h.Kubeconfig, "sa", "token", "admin", "-n", namespace).OK(t)}
	config.Contexts["hub"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "admin", Namespace: namespace}
	config.CurrentContext = "hub"
	path := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}
