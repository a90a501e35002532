// SPDX-License-Identifier: Apache-2.0

// Package fleet_test runs the built joinctl against several real control planes at once, and some that are none.
package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// names is how many TLS server names each control plane has: as many targets can be made of it.
const names = 400

// A plane is a real control plane. All tests share them, one after the other.
type plane struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

var planes []*plane

func TestMain(m *testing.M) {
	program.Main(func(start program.Starter) (int, error) {
		var sans []string
		for i := range names {
			sans = append(sans, serverName(i))
		}
		for range 3 {
			cp, client, err := start("--joinable", "--karmada", "--extra-san", strings.Join(sans, ","))
			if err != nil {
				return 1, err
			}
			planes = append(planes, &plane{cp, client})
		}
		return m.Run(), nil
	})
}

func serverName(i int) string { return fmt.Sprintf("n%03d.fleet.test", i) }

// wipe deletes the tokens of all planes.
func wipe(t testing.TB) {
	t.Helper()
	for _, p := range planes {
		err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).DeleteCollection(t.Context(), metav1.DeleteOptions{}, tokensOnly())
		if err != nil {
			t.Fatal(err)
		}
	}
}

// stored returns the IDs of the tokens of a plane.
func (p *plane) stored(t testing.TB) map[string]bool {
	t.Helper()
	list, err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), tokensOnly())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, secret := range list.Items {
		ids[strings.TrimPrefix(secret.Name, "bootstrap-token-")] = true
	}
	return ids
}

func tokensOnly() metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: "type=bootstrap.kubernetes.io/token"}
}
