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
	"slices"
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

const longAgo = "2020-01-02T03:04:05Z"

// allowInSystem lets a user do something with the Secrets of kube-system, and nothing else.
func (h *hub) allowInSystem(t *testing.T, user string, verbs ...string) {
	t.Helper()
	_, err := h.client.RbacV1().Roles(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: verbs}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.client.RbacV1().RoleBindings(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// tokenIDs returns the IDs of all Secrets that have the type of a token, sorted.
func (h *hub) tokenIDs(t *testing.T) []string {
	t.Helper()
	secrets, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken)})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, secret := range secrets.Items {
		ids = append(ids, strings.TrimPrefix(secret.Name, "bootstrap-token-"))
	}
	slices.Sort(ids)
	return ids
}

// expire makes a token one that has expired.
func (h *hub) expire(t *testing.T, id string) {
	t.Helper()
	secrets := h.client.CoreV1().Secrets(metav1.NamespaceSystem)
	secret, err := secrets.Get(t.Context(), "bootstrap-token-"+id, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	secret.Data["expiration"] = []byte(longAgo)
	if _, err := secrets.Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestWhoMayListAndDeleteCanPruneAndTakesNothingElseAway prunes as a CronJob does, where no token cleaner runs.
func TestWhoMayListAndDeleteCanPruneAndTakesNothingElseAway(t *testing.T) {
	t.Parallel()
	h := startHub(t, "--garbage-collector", "--cleaner=false")
	h.allowInSystem(t, "pruner", "list", "delete")
	h.allowInSystem(t, "reader", "list")
	none := map[string]string{"usage-bootstrap-signing": "", "usage-bootstrap-authentication": ""}
	h.uploadCerts(t)
	h.expire(t, "upload")
	h.createTokenSecret(t, "valid0", nil)
	h.createTokenSecret(t, "expire", map[string]string{"expiration": longAgo})
	h.createTokenSecret(t, "broken", map[string]string{"token-secret": "short"})
	h.createTokenSecret(t, "never0", map[string]string{"expiration": ""})
	h.createTokenSecret(t, "nouse0", none)
	h.createTokenSecret(t, "k0sctl", map[string]string{"usage-bootstrap-signing": "", "usage-bootstrap-authentication": "", "usage-controller-join": "true", "expiration": longAgo})
	h.createTokenSecret(t, "k0swrk", map[string]string{"usage-bootstrap-api-worker-calls": "true", "expiration": longAgo})

	h.joinctl(t, "token", "prune", "--as", "pruner").Expect(t, 1,
		"to be deleted in context hub: token expire, expired at "+longAgo, "this needs --yes", "aborted: not confirmed")
	h.joinctl(t, "token", "prune", "--yes", "--as", "reader").Expect(t, 1, "delete bootstrap token expire", "forbidden")
	if ids := h.tokenIDs(t); len(ids) != 8 {
		t.Fatalf("left: %q", ids)
	}
	all := []string{"token", "prune", "--malformed", "--unusable", "--never-expires", "--yes", "--as", "pruner"}
	pruned := h.joinctl(t, all...)
	want := "bootstrap token \"broken\" deleted\nbootstrap token \"expire\" deleted\nbootstrap token \"never0\" deleted\nbootstrap token \"nouse0\" deleted\n"
	if got := pruned.OK(t) + "\n"; strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("pruned:\n%s", got)
	}
	for _, left := range []string{
		"token upload, other (of kubeadm init --upload-certs: secret kubeadm-certs goes when it goes)",
		"token k0sctl, other (for the usages of another program: controller-join)",
		"token k0swrk, other (for the usages of another program: bootstrap-api-worker-calls)",
	} {
		if !strings.Contains(pruned.Stderr, left) {
			t.Errorf("no %q in\n%s", left, pruned.Stderr)
		}
	}
	if ids := h.tokenIDs(t); !slices.Equal(ids, []string{"k0sctl", "k0swrk", "upload", "valid0"}) {
		t.Errorf("left: %q", ids)
	}
	time.Sleep(2 * time.Second) // the garbage collector takes less
	if !h.hasCertificates(t, true) {
		t.Error("the certificates of kubeadm are gone")
	}
	if again := h.joinctl(t, all...); again.Code != 0 || again.Stdout != "" || !strings.Contains(again.Stderr, "nothing to prune in context hub") {
		t.Errorf("exit %d:\n%s%s", again.Code, again.Stdout, again.Stderr)
	}
}

func TestPruneDoesNotMindThatTheCleanerIsFaster(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.createTokenSecret(t, "soon00", map[string]string{"expiration": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339)})
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		h.joinctl(t, "token", "prune", "--yes").OK(t)
	}
	if ids := h.tokenIDs(t); len(ids) > 0 {
		t.Errorf("left: %q", ids)
	}
}

// requestCertificate sends a certificate request with a token, as a joiner does, and returns its name.
func (h *hub) requestCertificate(t *testing.T, token string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject := pkix.Name{CommonName: "system:node:m1", Organization: []string{"system:nodes"}}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		t.Fatal(err)
	}
	config, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	config = rest.AnonymousClientConfig(config)
	config.BearerToken = token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	created, err := client.CertificatesV1().CertificateSigningRequests().Create(t.Context(), &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "m1-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return created.Name
}

func TestATokenIsNotTakenFromAJoinerThatWaitsForItsCertificate(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	token := h.joinctl(t, "token", "create").OK(t)
	id, _, _ := strings.Cut(token, ".")
	name := h.requestCertificate(t, token)
	in := "token " + id + " in context hub is in use: 1 pending certificate request (" + name + ") of system:node:m1"
	h.joinctl(t, "token", "delete", id).Expect(t, 1, in, "this needs --yes", "token "+id+" was left as it is: not confirmed")
	h.allowInSystem(t, "deleter", "get", "delete")

	requests := h.client.CertificatesV1().CertificateSigningRequests()
	request, err := requests.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test", Message: "approved",
	})
	if _, err := requests.UpdateApproval(t.Context(), name, request, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 15*time.Second, func() error {
		request, err := requests.Get(t.Context(), name, metav1.GetOptions{})
		if err == nil && len(request.Status.Certificate) == 0 {
			err = errors.New("the request has no certificate yet")
		}
		return err
	})
	h.joinctl(t, "token", "delete", id).OK(t)

	token = h.joinctl(t, "token", "create").OK(t)
	id, _, _ = strings.Cut(token, ".")
	h.requestCertificate(t, token)
	h.joinctl(t, "token", "delete", id, "--as", "deleter").OK(t) // may not list requests
}
