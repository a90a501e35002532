// SPDX-License-Identifier: Apache-2.0

// Package fleet answers which control planes the operator meant, and runs one operation on all of them.
package fleet

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/kube"
)

// A Target is one control plane to act on. Targets are compared and ordered by Context.
type Target struct {
	Context    string // name in the kubeconfig, kube.InCluster, or "" where flags alone say how to connect
	kubeconfig *kube.Kubeconfig
}

// Config returns how to connect to the target. Every error is a *kube.ConfigError.
func (t Target) Config() (*rest.Config, error) { return t.kubeconfig.Config(t.Context) }

// A Selection is what the operator asked for. The zero Selection is the current context, never all of them.
type Selection struct {
	Context string // exact name
}

// Select returns the targets that a selection means, in the order of their names. Every error is a
// *kube.ConfigError.
func Select(k *kube.Kubeconfig, s Selection) ([]Target, error) {
	name := s.Context
	switch {
	case name == "":
		name = k.CurrentContext()
	case !k.HasContext(name):
		return nil, &kube.ConfigError{Err: fmt.Errorf("context %q does not exist", name), Hint: existing(k.Contexts())}
	}
	target := Target{Context: name, kubeconfig: k}
	if _, err := target.Config(); err != nil {
		if name == "" && !k.Addressed() {
			err = &kube.ConfigError{Err: errors.New("the kubeconfig has no current context"), Hint: existing(k.Contexts())}
		}
		return nil, err
	}
	klog.V(4).InfoS("selected", "context", name)
	return []Target{target}, nil
}

// existing names a few contexts that could have been meant.
func existing(names []string) string {
	const most = 5
	slices.Sort(names)
	if len(names) == 0 {
		return "the kubeconfig has no contexts"
	}
	if len(names) > most {
		return fmt.Sprintf("choose one of the %d contexts with --context, such as %q", len(names), names[:most])
	}
	return fmt.Sprintf("choose one with --context: %q", names)
}
