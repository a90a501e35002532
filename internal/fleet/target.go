// SPDX-License-Identifier: Apache-2.0

// Package fleet answers which control planes the operator meant, and runs one operation on all of them.
package fleet

import (
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/kube"
)

// A Target is what is acted on: a control plane, or one member cluster of it. Targets are ordered by Context, and then by
// Member.
type Target struct {
	Context    string // name in the kubeconfig, kube.InCluster, or "" where flags alone say how to connect
	Member     string // name of a cluster that is behind the control plane, or is to join it; "" for the control plane itself
	kubeconfig *kube.Kubeconfig
	group      *group
}

// A group is the contexts of a selection that reach one control plane.
type group struct {
	duplicates []string // besides the one that is used
}

// With returns the target that is one member cluster of a control plane.
func (t Target) With(member string) Target { t.Member = member; return t }

// Hub returns the control plane that a target is, or is behind.
func (t Target) Hub() Target { return t.With("") }

// Config returns how to connect to the control plane. Every error is a *failure.ConfigError.
func (t Target) Config() (*rest.Config, error) { return t.kubeconfig.Config(t.Context) }

// Summary returns what the kubeconfig says about the target, or about one of its duplicates. Every error is a
// *failure.ConfigError.
func (t Target) Summary(context string) (kube.ContextSummary, error) {
	return t.kubeconfig.Summary(context)
}

// Duplicates returns the other selected contexts that reach the same control plane, in the order of their names.
func (t Target) Duplicates() []string {
	if t.group == nil {
		return nil
	}
	return t.group.duplicates
}

// Plugin returns the command of the credential plugin with which the target is reached, "" where there is none.
func (t Target) Plugin() string {
	if t.kubeconfig == nil {
		return ""
	}
	return t.kubeconfig.Plugin(t.Context)
}

// Entry returns what the kubeconfig says about the target. Every error is a *failure.ConfigError.
func (t Target) Entry() (kube.ContextEntry, error) { return t.kubeconfig.Entry(t.Context) }
