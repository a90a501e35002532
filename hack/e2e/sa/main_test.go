// SPDX-License-Identifier: Apache-2.0

// Package sa_test runs the sa commands of the built joinctl against real control planes and compares them with kubectl.
package sa_test

import (
	"os/exec"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A hub is a control plane that all tests share. Each test uses its own namespace.
type hub struct {
	*controlplane.ControlPlane
	client kubernetes.Interface
}

// The maximum token lifetime is an hour on cappedHub and unlimited on uncappedHub.
var cappedHub, uncappedHub *hub

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		for into, args := range map[**hub][]string{&cappedHub: {"--max-token-expiration=1h"}, &uncappedHub: nil} {
			cp, client, err := start(append(args, "--name", "hub")...)
			if err != nil {
				return 1, err
			}
			*into = &hub{cp, client}
		}
		return m.Run(), nil
	})
}

// run runs a built program with a kubeconfig. It inherits only PATH from the environment.
func run(t testing.TB, name, kubeconfig string, args ...string) program.Result {
	t.Helper()
	return program.Execute(t, command(t, name, kubeconfig, args...))
}

// command returns the command that run executes.
func command(t testing.TB, name, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program.Command(t, kubeconfig, args...)
	cmd.Path = program.Binary(name)
	cmd.Args[0] = cmd.Path
	return cmd
}
