// SPDX-License-Identifier: Apache-2.0

// Package karmada_test asks the stand-in for Karmada what joinctl will ask, with plain clients and real control planes.
package karmada_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/karmada"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

var (
	hub, member *controlplane.ControlPlane
	standIn     *karmada.Karmada
)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// runTests starts the control planes and the stand-in between them.
func runTests(m *testing.M) (code int, err error) {
	if err := program.Prepare(); err != nil {
		return 1, err
	}
	for name, into := range map[string]**controlplane.ControlPlane{"hub": &hub, "member": &member} {
		cp, err := controlplane.StartMain(program.Binary("controlplane"), "--name", name)
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, cp.Stop()) }()
		*into = cp
	}
	if standIn, err = karmada.Serve(hub); err != nil {
		return 1, err
	}
	defer func() { standIn.Stop() }()
	return m.Run(), nil
}
