// SPDX-License-Identifier: Apache-2.0

// Package karmada_test sends the requests of joinctl to the fake of Karmada, with plain clients and real control planes.
package karmada_test

import (
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/karmada"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

var (
	hub, member *controlplane.ControlPlane
	fakeKarmada *karmada.Karmada
)

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		for name, into := range map[string]**controlplane.ControlPlane{"hub": &hub, "member": &member} {
			var err error
			if *into, _, err = start("--name", name); err != nil {
				return 1, err
			}
		}
		var err error
		if fakeKarmada, err = karmada.Serve(hub); err != nil {
			return 1, err
		}
		defer func() { fakeKarmada.Stop() }()
		return m.Run(), nil
	})
}
