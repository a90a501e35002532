// SPDX-License-Identifier: Apache-2.0

// Package sa_test runs the built joinctl's commands for ServiceAccount tokens against a real control plane, and beside
// kubectl.
package sa_test

import (
	"os/exec"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A hub is a control plane that all tests share, each in a namespace of its own.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

// capped grants tokens for an hour at most, free grants what is asked.
var capped, free *hub

func TestMain(m *testing.M) {
	program.Main(func(start program.Starter) (int, error) {
		for into, args := range map[**hub][]string{&capped: {"--max-token-expiration=1h"}, &free: nil} {
			cp, client, err := start(append(args, "--name", "hub")...)
			if err != nil {
				return 1, err
			}
			*into = &hub{cp, client}
		}
		return m.Run(), nil
	})
}

// run runs a program of the folder with a kubeconfig, and with nothing of this process's environment but the PATH.
func run(t testing.TB, name, kubeconfig string, args ...string) program.Outcome {
	t.Helper()
	return program.Execute(t, command(t, name, kubeconfig, args...))
}

// command prepares such a run.
func command(t testing.TB, name, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program.Command(t, kubeconfig, args...)
	cmd.Path = program.Binary(name)
	cmd.Args[0] = cmd.Path
	return cmd
}
