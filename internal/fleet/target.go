// SPDX-License-Identifier: Apache-2.0

// Package fleet selects the control planes that the operator asked for, and runs one operation on many keys in parallel.
package fleet

import (
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/kube"
)

// A Target is a control plane, or one of its member clusters. Targets are sorted by Context, then by Member.
type Target struct {
	Context    string // name in the kubeconfig, kube.InCluster, or "" if flags alone say how to connect
	Member     string // name of a cluster that has joined the control plane or will join it; "" for the control plane itself
	kubeconfig *kube.Kubeconfig
	group      *group
}

// A group is the selected contexts that are one target.
type group struct {
	duplicates []string // all except the target's own context
	exact      bool     // the target's context is named exactly
	rank       int      // which of several targets to prefer, the lowest first
	shardName  string   // decides on the shard: the same for all targets with one endpoint
	endpoint   kube.EndpointKey
	known      bool // the context has an endpoint
}

// With returns the target for one member cluster of the control plane.
func (t Target) With(member string) Target { t.Member = member; return t }

// Hub returns the target's control plane without a member.
func (t Target) Hub() Target { return t.With("") }

// Config returns the client configuration for the control plane. Every error is a *failure.ConfigError.
func (t Target) Config() (*rest.Config, error) { return t.kubeconfig.Config(t.Context) }

// Summary returns the kubeconfig's summary of the target's context or of one of its duplicates. Every error is a
// *failure.ConfigError.
func (t Target) Summary(context string) (kube.ContextSummary, error) {
	return t.kubeconfig.Summary(context)
}

// Duplicates returns the other selected contexts that reach the same control plane, sorted.
func (t Target) Duplicates() []string {
	if t.group == nil {
		return nil
	}
	return t.group.duplicates
}

// Plugin returns the command of the target's credential plugin, "" if it has none.
func (t Target) Plugin() string {
	if t.kubeconfig == nil {
		return ""
	}
	return t.kubeconfig.Plugin(t.Context)
}

// Entry returns the kubeconfig's entry for the target. Every error is a *failure.ConfigError.
func (t Target) Entry() (kube.ContextEntry, error) { return t.kubeconfig.Entry(t.Context) }
