// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestTokenIsExchangedForACertificateThatRegistersAMember does the TLS bootstrap of karmadactl register: it requests a
// certificate for the rbac-generator and creates the RBAC of the member's agent with it.
func TestTokenIsExchangedForACertificateThatRegistersAMember(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	tok := h.joinctl(t, "token", "create").OK(t)
	joiner := h.clientAs(t, rest.TLSClientConfig{}, tok)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "system:karmada:agent:rbac-generator", Organization: []string{"system:karmada:agents"}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, requests := t.Context(), joiner.CertificatesV1().CertificateSigningRequests()
	csr, err := requests.Create(ctx, &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "agent-rbac-generator-member1"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}),
			SignerName: certificatesv1.KubeAPIServerClientSignerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageKeyEncipherment, certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(csr.Spec.Username, "system:bootstrap:") {
		t.Errorf("the request is from %s", csr.Spec.Username)
	}
	// Approve the CSR as Karmada's approver does. The tests of setup cover the RBAC that the approver needs.
	csr.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test"}}
	if _, err := h.client.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 10*time.Second, func() error {
		if csr, err = requests.Get(ctx, csr.Name, metav1.GetOptions{}); err == nil && len(csr.Status.Certificate) == 0 {
			err = errors.New("not signed")
		}
		return err
	})
	h.registerMember(t, h.clientAs(t, rest.TLSClientConfig{
		CertData: csr.Status.Certificate,
		KeyData:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}),
	}, ""), csr.Name)
}

// clientAs returns a client that authenticates with a certificate or a token.
func (h *hub) clientAs(t *testing.T, tls rest.TLSClientConfig, bearer string) kubernetes.Interface {
	t.Helper()
	admin, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken, config.CertData, config.KeyData = bearer, tls.CertData, tls.KeyData
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// registerMember creates the objects of karmadactl register for a member (karmada pkg/karmadactl/register/register.go,
// GenerateRBACResources). RBAC allows this only if the rbac-generator has all the rights that it grants.
func (h *hub) registerMember(t *testing.T, generator kubernetes.Interface, request string) {
	t.Helper()
	ctx, create := t.Context(), metav1.CreateOptions{}
	const namespace = "karmada-es-member1"
	withNames := func(names []string, r rbacv1.PolicyRule) rbacv1.PolicyRule {
		r.ResourceNames = names
		return r
	}
	agent := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "system:karmada:agent:member1"}}
	member := []string{"member1"}
	_, err1 := generator.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "system:karmada:member1:agent"}, Rules: []rbacv1.PolicyRule{
		withNames(member, rule("cluster.karmada.io", "clusters", "get", "delete")),
		rule("cluster.karmada.io", "clusters", "create", "list", "watch"),
		withNames(member, rule("cluster.karmada.io", "clusters/status", "update")),
		rule("config.karmada.io", "resourceinterpreterwebhookconfigurations", "get", "list", "watch"),
		rule("config.karmada.io", "resourceinterpretercustomizations", "get", "list", "watch"),
		rule("", "namespaces", "get"),
		rule("coordination.k8s.io", "leases", "get", "create", "update"),
		rule("certificates.k8s.io", "certificatesigningrequests", "get", "create"),
		rule("", "services", "list", "watch"),
		rule("", "events", "patch", "create", "update"),
	}}, create)
	_, err2 := generator.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "system:karmada:member1:agent"}, Subjects: agent,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:karmada:member1:agent"},
	}, create)
	_, err3 := generator.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, create)
	_, err4 := generator.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "system:karmada:member1:agent-work"}, Rules: []rbacv1.PolicyRule{
		rule("work.karmada.io", "works", "get", "create", "list", "watch", "update", "delete"),
		rule("work.karmada.io", "works/status", "patch", "update"),
		withNames([]string{"member1", "member1-impersonator"}, rule("", "secrets", "get", "patch")),
		rule("", "secrets", "create"),
	}}, create)
	_, err5 := generator.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "system:karmada:member1:agent-work"}, Subjects: agent,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "system:karmada:member1:agent-work"},
	}, create)
	err6 := generator.CertificatesV1().CertificateSigningRequests().Delete(ctx, request, metav1.DeleteOptions{})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Errorf("the rbac-generator cannot register a member: %v", err)
	}
	_, err := generator.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "too-much"}, Subjects: agent,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
	}, create)
	if err == nil {
		t.Error("the rbac-generator can bind its agents to cluster-admin")
	}
}
