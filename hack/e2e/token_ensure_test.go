// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/discovery"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/config"
	"k8s.io/kubernetes/pkg/kubelet/certificate/bootstrap"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestKubeadmAndKubeletAcceptWhatTokenEnsureHandsOut(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "bootstrap.kubeconfig")
	ensure := []string{"token", "ensure", "--for", "pool"}
	program.Run(t, h.Kubeconfig, append(ensure, "--joiner", "kubeadm", "--as", "bootstrap-kubeconfig", "--to-file", path)...).OK(t)
	id := strings.TrimPrefix(h.tokens(t)[0].Name, "bootstrap-token-")
	h.discover(t, "--discovery-file", &kubeadm.JoinConfiguration{
		Discovery: kubeadm.Discovery{File: &kubeadm.FileDiscovery{KubeConfigPath: path}},
		Timeouts:  &kubeadm.Timeouts{Discovery: &metav1.Duration{Duration: 20 * time.Second}},
	}, id)
	h.bootstrapKubelet(t, path, dir)

	document := filepath.Join(dir, "join.yaml")
	program.Run(t, h.Kubeconfig, append(ensure, "--as", "kubeadm-join-config", "--to-file", document)...).OK(t)
	program.Execute(t, exec.CommandContext(t.Context(), program.Binary("kubeadm"), "config", "validate", "--config", document)).OK(t)
	join, err := config.LoadJoinConfigurationFromFile(document, config.LoadOrDefaultConfigurationOptions{SkipCRIDetect: true})
	if err != nil {
		t.Fatalf("kubeadm cannot read the JoinConfiguration: %v", err)
	}
	h.discover(t, "--config", join, id)
	if all := h.tokens(t); len(all) != 1 {
		t.Errorf("%d tokens exist for one cluster", len(all))
	}
}

// discover runs the discovery of kubeadm join, and checks that the kubeconfig that it bootstraps with is of a token.
func (h *hub) discover(t *testing.T, title string, join *kubeadm.JoinConfiguration, id string) {
	t.Helper()
	found, err := discovery.For(nil, join)
	if err != nil {
		t.Errorf("kubeadm's discovery rejects %s: %v", title, err)
		return
	}
	user := found.AuthInfos[found.Contexts[found.CurrentContext].AuthInfo]
	if who, err := h.WhoAmI(t.Context(), user.Token); err != nil || who.Username != "system:bootstrap:"+id {
		t.Errorf("%s: kubeadm bootstraps as %q, want the user of token %s: %v", title, who.Username, id, err)
	}
}

// bootstrapKubelet runs the kubelet's TLS bootstrap with a kubeconfig, and checks that the node then has an identity.
func (h *hub) bootstrapKubelet(t *testing.T, path, dir string) {
	t.Helper()
	const node = "joinctl-e2e"
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "joinctl-e2e-node-bootstrapper"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node-bootstrapper"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:bootstrappers"}},
	}
	bindings := h.client.RbacV1().ClusterRoleBindings()
	if _, err := bindings.Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bindings.Delete(context.WithoutCancel(t.Context()), binding.Name, metav1.DeleteOptions{}) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	kubeconfig := filepath.Join(dir, "kubelet.kubeconfig")
	go func() { done <- bootstrap.LoadClientCert(ctx, kubeconfig, path, dir, node) }()
	program.Eventually(t, 30*time.Second, func() error { return h.approve(ctx, "system:node:"+node) })
	if err := <-done; err != nil {
		t.Fatalf("the kubelet's TLS bootstrap fails: %v", err)
	}
	identity, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(identity)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Discovery().ServerVersion(); err != nil {
		t.Errorf("the node's certificate is of no use: %v", err)
	}
}

// approve approves the certificate request of a bootstrap token for a user.
func (h *hub) approve(ctx context.Context, user string) error {
	requests, err := h.client.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, request := range requests.Items {
		if request.Spec.SignerName != certificatesv1.KubeAPIServerClientKubeletSignerName || len(request.Status.Certificate) > 0 {
			continue
		}
		request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
			Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test",
		})
		_, err := h.client.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, request.Name, &request, metav1.UpdateOptions{})
		return err
	}
	return errors.New("there is no certificate request of " + user)
}

func TestAMinterThatMayOnlyCreateTokensReadsWhichExistsInTheSecret(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	const minter, namespace = "joinctl-minter", "joinctl-consumer"
	ctx := t.Context()
	if _, err := h.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), namespace, metav1.DeleteOptions{})
	})
	h.grantSecrets(t, minter, metav1.NamespaceSystem, "create")
	h.grantSecrets(t, minter, namespace, "create", "get", "update")
	ensure := func(args ...string) program.Result {
		return program.Run(t, h.Kubeconfig, append([]string{"token", "ensure", "--for", "m1", "--as", minter}, args...)...)
	}
	var first string
	for round := range 3 {
		ensure("--to-secret", namespace+"/join").OK(t)
		secret, err := h.client.CoreV1().Secrets(namespace).Get(ctx, "join", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			first = secret.ResourceVersion
		}
		if secret.ResourceVersion != first || len(h.tokens(t)) != 1 {
			t.Fatalf("round %d: the Secret was written again, or there are %d tokens", round, len(h.tokens(t)))
		}
	}
	ensure().Expect(t, 1, "look for tokens that exist", "--to-secret")
}

// grantSecrets lets a user do something with the Secrets of a namespace.
func (h *hub) grantSecrets(t *testing.T, user, namespace string, verbs ...string) {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: user}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: verbs}}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	if _, err := h.client.RbacV1().Roles(namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.RbacV1().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.client.RbacV1().RoleBindings(namespace).Delete(context.WithoutCancel(t.Context()), user, metav1.DeleteOptions{})
		_ = h.client.RbacV1().Roles(namespace).Delete(context.WithoutCancel(t.Context()), user, metav1.DeleteOptions{})
	})
}
