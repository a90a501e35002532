// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

const (
	defaultNamespace = "default"
	// podNamespace is where a Pod finds its own namespace (k8s.io/client-go/tools/clientcmd/client_config.go).
	podNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// An ContextEntry is one context of the kubeconfig with what it refers to, as flags have changed it.
type ContextEntry struct {
	Namespace   string // the flag's, else the context's, else that of the Pod, else default
	ClusterName string
	Cluster     clientcmdapi.Cluster
	File        string // absolute path of the one file that defines context, cluster and user; "" where there is none
}

// Entry returns what the kubeconfig says about a context. Every error is a *ConfigError.
func (k *Kubeconfig) Entry(context string) (ContextEntry, error) {
	overrides := k.source.Overrides
	if k.inCluster != nil {
		return ContextEntry{
			Namespace:   inClusterNamespace(overrides.Context.Namespace),
			ClusterName: InCluster,
			Cluster:     clientcmdapi.Cluster{Server: k.inCluster.Host},
		}, nil
	}
	overrides.CurrentContext = context
	config := clientcmd.NewNonInteractiveClientConfig(k.only(context), context, &overrides, k.rules)
	namespace, _, err := config.Namespace()
	if err != nil {
		return ContextEntry{}, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	merged, err := config.MergedRawConfig()
	if err != nil {
		return ContextEntry{}, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	entry := ContextEntry{Namespace: namespace}
	if used := merged.Contexts[merged.CurrentContext]; used != nil {
		entry.ClusterName = used.Cluster
	}
	if cluster := merged.Clusters[entry.ClusterName]; cluster != nil {
		entry.Cluster = *cluster
	}
	entry.File = k.definedIn(context)
	return entry, nil
}

// definedIn returns the one file that a context, its cluster and its user stand in.
func (k *Kubeconfig) definedIn(name string) string {
	context := k.raw.Contexts[name]
	if context == nil {
		return ""
	}
	cluster, user := k.raw.Clusters[context.Cluster], k.raw.AuthInfos[context.AuthInfo]
	if cluster == nil || cluster.LocationOfOrigin != context.LocationOfOrigin {
		return ""
	}
	if user != nil && user.LocationOfOrigin != context.LocationOfOrigin {
		return ""
	}
	file, err := filepath.Abs(context.LocationOfOrigin)
	if err != nil {
		return ""
	}
	return file
}

// inClusterNamespace returns the namespace that was asked for, else that of the Pod.
func inClusterNamespace(asked string) string {
	if asked != "" {
		return asked
	}
	if own, err := os.ReadFile(podNamespace); err == nil && len(own) > 0 {
		return strings.TrimSpace(string(own))
	}
	return defaultNamespace
}
