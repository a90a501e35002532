// SPDX-License-Identifier: Apache-2.0

// Package members_test runs the built joinctl against the members of a hub. Hub and members are real control planes, and
// Karmada's aggregated API is a fake.
package members_test

import (
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/karmada"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A controlPlane is a real control plane that all tests share.
type controlPlane struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

var (
	hub, east, west controlPlane
	fakeKarmada     *karmada.Karmada
)

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		for into, args := range map[*controlPlane][]string{&hub: {"--name", "hub", "--joinable"}, &east: {"--name", "east"}, &west: {"--name", "west"}} {
			cp, client, err := start(args...)
			if err != nil {
				return 1, err
			}
			*into = controlPlane{cp, client}
		}
		var err error
		if fakeKarmada, err = karmada.Serve(hub.ControlPlane); err != nil {
			return 1, err
		}
		defer func() { fakeKarmada.Stop() }()
		return m.Run(), nil
	})
}

// run runs joinctl with the hub's kubeconfig.
func run(t testing.TB, args ...string) program.Result {
	t.Helper()
	return program.Run(t, hub.Kubeconfig, args...)
}
