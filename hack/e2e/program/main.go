// SPDX-License-Identifier: Apache-2.0

package program

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// A StartFunc starts a control plane that runs until all tests of the package are done. It returns the control plane and
// an administrator client.
type StartFunc func(args ...string) (*controlplane.ControlPlane, kubernetes.Interface, error)

// Main is the body of a TestMain: it sets up the environment, runs the tests, stops all control planes that they started,
// and exits. It exits with 1 on an error.
func Main(run func(start StartFunc) (code int, err error)) {
	code, err := runTests(run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// runTests calls run and stops the control planes that it started.
func runTests(run func(StartFunc) (int, error)) (code int, err error) {
	if err := Prepare(); err != nil {
		return 1, err
	}
	var started []*controlplane.ControlPlane
	defer func() {
		for _, cp := range started {
			err = errors.Join(err, cp.Stop())
		}
	}()
	return run(func(args ...string) (*controlplane.ControlPlane, kubernetes.Interface, error) {
		cp, err := controlplane.StartProcess(Binary("controlplane"), args...)
		if err != nil {
			return nil, nil, err
		}
		started = append(started, cp)
		client, err := cp.Clientset()
		return cp, client, err
	})
}
