// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the built joinctl against real control planes and compares it with kubeadm.
package e2e

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

const tokenFieldSelector = "type=bootstrap.kubernetes.io/token"

// A hub is a joinable Karmada control plane. Only one test uses it at a time.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

// hubPool holds the hubs that no test uses. Tests cannot share a hub, because all bootstrap tokens are in one namespace.
var hubPool chan *hub

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		const size = 2
		hubPool = make(chan *hub, size)
		for range size {
			cp, client, err := start("--joinable", "--karmada", "--name", "hub")
			if err != nil {
				return 1, err
			}
			hubPool <- &hub{cp, client}
		}
		return m.Run(), nil
	})
}

// acquireHub takes a hub from the pool, deletes its tokens, and returns it to the pool when the test ends.
func acquireHub(t testing.TB) *hub {
	t.Helper()
	h, err := nextHub()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hubPool <- h })
	return h
}

// nextHub takes a hub from the pool and deletes its tokens. The caller puts it back.
func nextHub() (*hub, error) {
	h := <-hubPool
	if err := h.deleteTokens(); err != nil {
		hubPool <- h
		return nil, err
	}
	return h, nil
}

// deleteTokens deletes all bootstrap tokens.
func (h *hub) deleteTokens() error {
	return h.client.CoreV1().Secrets(metav1.NamespaceSystem).DeleteCollection(context.Background(),
		metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: tokenFieldSelector})
}

// tokens returns the Secrets of all bootstrap tokens.
func (h *hub) tokens(t testing.TB) []corev1.Secret {
	t.Helper()
	list, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{FieldSelector: tokenFieldSelector})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// createTokenSecret creates a Secret of the bootstrap token type with this data, valid or not.
func (h *hub) createTokenSecret(t testing.TB, name string, data map[string]string) {
	t.Helper()
	_, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeBootstrapToken, StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
