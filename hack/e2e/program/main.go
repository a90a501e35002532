// SPDX-License-Identifier: Apache-2.0

package program

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// A Starter starts a control plane that lives as long as the tests of a package, and returns it with the client of its
// administrator.
type Starter func(args ...string) (*controlplane.ControlPlane, kubernetes.Interface, error)

// Main is the body of a TestMain: it prepares what the tests need, runs them, stops what was started, and exits. An error
// is a failure of all tests.
func Main(run func(start Starter) (code int, err error)) {
	code, err := around(run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// around runs tests between the start and the end of control planes.
func around(run func(Starter) (int, error)) (code int, err error) {
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
		cp, err := controlplane.StartMain(Binary("controlplane"), args...)
		if err != nil {
			return nil, nil, err
		}
		started = append(started, cp)
		client, err := cp.Clientset()
		return cp, client, err
	})
}
