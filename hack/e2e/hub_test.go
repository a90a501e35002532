// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the built joinctl against real control planes, beside kubeadm and kubectl as oracles.
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

const tokensOnly = "type=bootstrap.kubernetes.io/token"

// A hub is a joinable Karmada control plane that one test has to itself.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

// hubs are the control planes that tests lease: bootstrap tokens live in one namespace, so tests cannot share one.
var hubs chan *hub

func TestMain(m *testing.M) {
	program.Main(func(start program.Starter) (int, error) {
		const size = 2
		hubs = make(chan *hub, size)
		for range size {
			cp, client, err := start("--joinable", "--karmada", "--name", "hub")
			if err != nil {
				return 1, err
			}
			hubs <- &hub{cp, client}
		}
		return m.Run(), nil
	})
}

// lease returns a hub without tokens, for as long as the test runs.
func lease(t testing.TB) *hub {
	t.Helper()
	h, err := take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hubs <- h })
	return h
}

func take() (*hub, error) {
	h := <-hubs
	if err := h.wipe(); err != nil {
		hubs <- h
		return nil, err
	}
	return h, nil
}

// wipe deletes all tokens.
func (h *hub) wipe() error {
	return h.client.CoreV1().Secrets(metav1.NamespaceSystem).DeleteCollection(context.Background(),
		metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: tokensOnly})
}

// tokens returns the Secrets of all tokens.
func (h *hub) tokens(t testing.TB) []corev1.Secret {
	t.Helper()
	list, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{FieldSelector: tokensOnly})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// store creates the Secret of a token as it is, good or bad.
func (h *hub) store(t testing.TB, name string, data map[string]string) {
	t.Helper()
	_, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeBootstrapToken, StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
