// SPDX-License-Identifier: Apache-2.0

// Package members_test runs the built joinctl against the members of a hub: real control planes, behind a stand-in for
// Karmada's aggregated API.
package members_test

import (
	"errors"
	"fmt"
	"os"
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
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if err := program.Prepare(); err != nil {
		return 1, err
	}
	for _, p := range []struct {
		into *plane
		args []string
	}{{&hub, []string{"--name", "hub", "--joinable"}}, {&east, []string{"--name", "east"}}, {&west, []string{"--name", "west"}}} {
		cp, err := controlplane.StartMain(program.Binary("controlplane"), p.args...)
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, cp.Stop()) }()
		client, err := cp.Clientset()
		if err != nil {
			return 1, err
		}
		*p.into = plane{cp, client}
	}
	if standIn, err = karmada.Serve(hub.ControlPlane); err != nil {
		return 1, err
	}
	defer func() { standIn.Stop() }()
	return m.Run(), nil
}

// run runs joinctl with the hub's kubeconfig.
func run(t testing.TB, args ...string) program.Outcome {
	t.Helper()
	return program.Run(t, hub.Kubeconfig, args...)
}
