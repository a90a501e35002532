// SPDX-License-Identifier: Apache-2.0

// Package fleet_test runs the built joinctl against several real control planes at once, and against servers that fail.
package fleet_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// serverNames is the number of TLS server names of each control plane, and thus of the targets that it can serve.
const serverNames = 400

// A controlPlane is a real control plane. All tests share them and run one after the other.
type controlPlane struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

var controlPlanes []*controlPlane

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		var sans []string
		for i := range serverNames {
			sans = append(sans, serverName(i))
		}
		for range 3 {
			cp, client, err := start("--joinable", "--karmada", "--extra-san", strings.Join(sans, ","))
			if err != nil {
				return 1, err
			}
			controlPlanes = append(controlPlanes, &controlPlane{cp, client})
		}
		// A run on the mixed fleet waits for a silent server most of its time, so more of them than processors run at once.
		if err := flag.Set("test.parallel", "9"); err != nil {
			return 1, err
		}
		return m.Run(), nil
	})
}

func serverName(i int) string { return fmt.Sprintf("n%03d.fleet.test", i) }

// deleteTokens deletes the bootstrap tokens of all control planes.
func deleteTokens(t testing.TB) {
	t.Helper()
	for _, p := range controlPlanes {
		err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).DeleteCollection(t.Context(), metav1.DeleteOptions{}, tokenListOptions())
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tokenIDs returns the IDs of the stored bootstrap tokens.
func (p *controlPlane) tokenIDs(t testing.TB) map[string]bool {
	t.Helper()
	list, err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), tokenListOptions())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, secret := range list.Items {
		ids[strings.TrimPrefix(secret.Name, "bootstrap-token-")] = true
	}
	return ids
}

func tokenListOptions() metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: "type=bootstrap.kubernetes.io/token"}
}
