// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const (
	karmadaGroup = "system:bootstrappers:karmada:default-cluster-token"
	tokenSecret  = "0123456789abcdef"
)

// A hub is a control plane with an administrator's client.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

func newHub(cp *controlplane.ControlPlane) (*hub, error) {
	client, err := cp.Clientset()
	return &hub{cp, client}, err
}

// A join has the arguments of a join command.
type join struct {
	endpoint, token string
	pins            []string // empty: the CA is not verified
}

func (j join) args() []string {
	args := []string{j.endpoint, "--token", j.token}
	for _, pin := range j.pins {
		args = append(args, "--discovery-token-ca-cert-hash", pin)
	}
	if len(j.pins) == 0 {
		args = append(args, "--discovery-token-unsafe-skip-ca-verification")
	}
	return args
}

// createToken stores a token until the test ends, after change modified its data, and returns a join that uses it.
func (h *hub) createToken(t *testing.T, change func(data map[string]string)) join {
	t.Helper()
	id := fmt.Sprintf("t%05d", rand.IntN(100000))
	data := map[string]string{
		"token-id": id, "token-secret": tokenSecret, "expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		"usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true", "auth-extra-groups": karmadaGroup,
	}
	if change != nil {
		change(data)
	}
	secret, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-" + id}, Type: corev1.SecretTypeBootstrapToken, StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.client.CoreV1().Secrets(metav1.NamespaceSystem).Delete(context.WithoutCancel(t.Context()), secret.Name, metav1.DeleteOptions{})
	})
	return join{h.Host, id + "." + tokenSecret, []string{pinOf(t, h.CAData)}}
}

// waitForToken waits until the server accepts the token.
func (h *hub) waitForToken(t *testing.T, j join) {
	t.Helper()
	admin, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken = j.token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err = client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
}

func (h *hub) clusterInfo(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	cm, err := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).Get(t.Context(), "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

// setClusterInfo changes keys of cluster-info and restores them when the test ends. A nil value removes a key.
func (h *hub) setClusterInfo(t *testing.T, data map[string]any) {
	t.Helper()
	before := h.clusterInfo(t).Data
	h.patchClusterInfo(t.Context(), t, data)
	t.Cleanup(func() {
		undo := map[string]any{}
		for key := range data {
			undo[key] = nil
			if value, ok := before[key]; ok {
				undo[key] = value
			}
		}
		h.patchClusterInfo(context.WithoutCancel(t.Context()), t, undo)
	})
}

func (h *hub) patchClusterInfo(ctx context.Context, t *testing.T, data map[string]any) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).Patch(ctx, "cluster-info", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// sign signs cluster-info with the token of a join, as the bootstrap signer does.
func (h *hub) sign(t *testing.T, j join) {
	t.Helper()
	id, _, _ := strings.Cut(j.token, ".")
	h.setClusterInfo(t, map[string]any{"jws-kubeconfig-" + id: signature(t, h.clusterInfo(t).Data["kubeconfig"], j.token)})
}

func signature(t *testing.T, content, token string) string {
	t.Helper()
	id, secret, _ := strings.Cut(token, ".")
	signed, err := jws.ComputeDetachedSignature(content, id, secret)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// state returns all objects that check could change.
func (h *hub) state(t *testing.T) string {
	t.Helper()
	secrets, err1 := h.client.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
	maps, err2 := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).List(t.Context(), metav1.ListOptions{})
	requests, err3 := h.client.CertificatesV1().CertificateSigningRequests().List(t.Context(), metav1.ListOptions{})
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal([]any{secrets.Items, maps.Items, requests.Items})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
