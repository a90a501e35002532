// SPDX-License-Identifier: Apache-2.0

// Package members_test runs the built joinctl against the members of a hub: real control planes, behind a stand-in for
// Karmada's aggregated API.
package members_test

import (
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/karmada"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A plane is a real control plane. All tests share them.
type plane struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

var (
	hub, east, west plane
	standIn         *karmada.Karmada
)

func TestMain(m *testing.M) {
	program.Main(func(start program.Starter) (int, error) {
		for into, args := range map[*plane][]string{&hub: {"--name", "hub", "--joinable"}, &east: {"--name", "east"}, &west: {"--name", "west"}} {
			cp, client, err := start(args...)
			if err != nil {
				return 1, err
			}
			*into = plane{cp, client}
		}
		var err error
		if standIn, err = karmada.Serve(hub.ControlPlane); err != nil {
			return 1, err
		}
		defer func() { standIn.Stop() }()
		return m.Run(), nil
	})
}

// run runs joinctl with the hub's kubeconfig.
func run(t testing.TB, args ...string) program.Outcome {
	t.Helper()
	return program.Run(t, hub.Kubeconfig, args...)
}
