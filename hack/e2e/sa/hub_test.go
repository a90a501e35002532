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

// rejectionTimeout is longer than the server can accept a revoked token.
const rejectionTimeout = 20 * time.Second

// namespace creates a namespace for the test, with the ServiceAccount robot.
func (h *hub) namespace(t testing.TB) string {
	t.Helper()
	created, err := h.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.createServiceAccount(t, created.Name, robot)
	return created.Name
}

func (h *hub) createServiceAccount(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// createPod creates a Pod that runs as robot.
func (h *hub) createPod(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{ServiceAccountName: robot, Containers: []corev1.Container{{Name: "c", Image: "x"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *hub) createSecret(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := h.client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// countRevocationSecrets returns the number of Secrets that tokens are bound to.
func (h *hub) countRevocationSecrets(t testing.TB, namespace string) int {
	t.Helper()
	found, err := h.client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "joinctl.io/binds"})
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Items)
}

// whoami returns the user name that a token authenticates as.
func (h *hub) whoami(ctx context.Context, bearer string) (string, error) {
	admin, err := h.ClientConfig()
	if err != nil {
		return "", err
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken = bearer
	return whoIs(ctx, config)
}

// whoIs returns the user name that a client of a configuration authenticates as.
func whoIs(ctx context.Context, config *rest.Config) (string, error) {
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

// expectRobot fails the test unless a token authenticates as robot.
func (h *hub) expectRobot(t testing.TB, namespace, bearer string) {
	t.Helper()
	if who, err := h.whoami(t.Context(), bearer); err != nil || who != "system:serviceaccount:"+namespace+":"+robot {
		t.Errorf("the token authenticates as %q: %v", who, err)
	}
}

// expectRejected fails the test unless the server rejects a token within rejectionTimeout.
func (h *hub) expectRejected(t testing.TB, bearer string) {
	t.Helper()
	for deadline := time.Now().Add(rejectionTimeout); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if _, err := h.whoami(t.Context(), bearer); err != nil && strings.Contains(err.Error(), "Unauthorized") {
			return
		}
	}
	t.Errorf("the server still accepts the token after %s", rejectionTimeout)
}

// kubeconfigVia writes a kubeconfig that leads to the hub through a proxy at server. Its user is a cluster-admin
// ServiceAccount, because a proxy can forward a bearer token but not a client certificate.
func (h *hub) kubeconfigVia(t testing.TB, namespace, server string, ca []byte) string {
	t.Helper()
	h.createServiceAccount(t, namespace, "admin")
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
