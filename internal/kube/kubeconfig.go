// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// InCluster names the cluster that this Pod runs in, which has no context.
const InCluster = "in-cluster"

// Where a control plane node has the administrator's kubeconfig.
const (
	kubeadmAdmin = "/etc/kubernetes/admin.conf"            // written by kubeadm init
	karmadaAdmin = "/etc/karmada/karmada-apiserver.config" // written by karmadactl init
)

// LoadOptions are the flags that select the kubeconfig and override its values.
type LoadOptions struct {
	Path           string                    // an explicit kubeconfig; empty: the files of KUBECONFIG, else ~/.kube/config
	Overrides      clientcmd.ConfigOverrides // values of flags; they replace those of the kubeconfig
	RequestTimeout time.Duration             // for one request, start to end; 0 means no limit
	Stop           <-chan struct{}           // closed when no pipe is to be waited for any more; nil: never
}

// A Kubeconfig is the merged content of all kubeconfig files, read and parsed once.
type Kubeconfig struct {
	options   LoadOptions
	raw       clientcmdapi.Config
	rules     *clientcmd.ClientConfigLoadingRules
	inCluster *rest.Config
	absent    []AbsentFile
	streams   *streams
}

// loadingRules returns client-go's rules for an explicit path, or for "".
func loadingRules(path string) *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	return rules
}

// Load reads the kubeconfig with client-go's loading rules: the explicit path, else the merged files of KUBECONFIG, else
// ~/.kube/config, else the ServiceAccount of the Pod. Unlike client-go, it does not go on to the ServiceAccount where
// KUBECONFIG names files and none has content: they name other control planes. It waits for a pipe, and not without end. Relative paths in a file are relative to that file.
// Every error is a *failure.ConfigError.
func Load(options LoadOptions) (*Kubeconfig, error) {
	rules := loadingRules(options.Path)
	fromVariable := rules.WarnIfAllMissing && options.Path == "" // client-go sets it where KUBECONFIG is set
	raw, absent, err := loadFiles(rules, options.Stop)
	if err != nil {
		return nil, &failure.ConfigError{Err: err}
	}
	k := &Kubeconfig{options: options, raw: *raw, rules: rules, streams: &streams{stop: options.Stop}}
	if fromVariable {
		k.absent = absent
	}
	if !clientcmdapi.IsConfigEmpty(raw) || k.HasServerOverride() {
		return k, nil
	}
	if options.Path != "" {
		return nil, &failure.ConfigError{Err: fmt.Errorf("kubeconfig %s is empty", options.Path)}
	}
	if fromVariable {
		return nil, nothingIn(k.absent)
	}
	if k.inCluster, err = rest.InClusterConfig(); err != nil {
		return nil, &failure.ConfigError{Err: errors.New("no kubeconfig found"), Hint: "name one with --kubeconfig or KUBECONFIG" + adminHint()}
	}
	return k, nil
}

// HasServerOverride reports whether flags name the server, so that no context is needed.
func (k *Kubeconfig) HasServerOverride() bool { return k.options.Overrides.ClusterInfo.Server != "" }

// HasContext reports whether the kubeconfig has a context with this name.
func (k *Kubeconfig) HasContext(name string) bool {
	_, ok := k.raw.Contexts[name]
	return ok
}

// Contexts returns the names of all contexts, in no particular order.
func (k *Kubeconfig) Contexts() []string {
	names := make([]string, 0, len(k.raw.Contexts))
	for name := range k.raw.Contexts {
		names = append(names, name)
	}
	return names
}

// CurrentContext returns the default context: the kubeconfig's current-context, InCluster, or "" if only flags specify
// the connection.
func (k *Kubeconfig) CurrentContext() string {
	if k.inCluster != nil {
		return InCluster
	}
	return k.raw.CurrentContext
}

// Config returns the connection to the cluster of a context, as its user. Every error is a *failure.ConfigError.
func (k *Kubeconfig) Config(context string) (*rest.Config, error) {
	overrides := k.options.Overrides
	if k.inCluster != nil {
		return k.inClusterConfig(overrides)
	}
	overrides.CurrentContext = context
	if err := k.checkAddresses(context); err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	client, err := k.clientConfig(context, overrides)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	cfg, err := client.ClientConfig()
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	if err := rest.LoadTLSFiles(cfg); err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	cfg.Timeout = k.options.RequestTimeout
	return cfg, nil
}

// inClusterConfig returns the connection of the Pod's ServiceAccount, with the overrides of flags.
func (k *Kubeconfig) inClusterConfig(overrides clientcmd.ConfigOverrides) (*rest.Config, error) {
	cfg := rest.CopyConfig(k.inCluster)
	cfg.Timeout = k.options.RequestTimeout
	if auth := overrides.AuthInfo; auth.Token != "" {
		cfg.BearerToken, cfg.BearerTokenFile = auth.Token, ""
	}
	cfg.Impersonate = rest.ImpersonationConfig{
		UserName: overrides.AuthInfo.Impersonate,
		UID:      overrides.AuthInfo.ImpersonateUID,
		Groups:   overrides.AuthInfo.ImpersonateGroups,
		Extra:    overrides.AuthInfo.ImpersonateUserExtra,
	}
	if err := rest.LoadTLSFiles(cfg); err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("read the Pod's ServiceAccount: %w", err)}
	}
	return cfg, nil
}

// clientConfig returns client-go's view of one context. client-go opens the files that it names already to validate it: none
// of them is a pipe or a device any more.
func (k *Kubeconfig) clientConfig(context string, overrides clientcmd.ConfigOverrides) (clientcmd.OverridingClientConfig, error) {
	minified := k.minify(context)
	err := k.streams.inline(&overrides.ClusterInfo, &overrides.AuthInfo)
	for _, cluster := range minified.Clusters {
		err = errors.Join(err, k.streams.inline(cluster, nil))
	}
	for _, user := range minified.AuthInfos {
		err = errors.Join(err, k.streams.inline(nil, user))
	}
	if err != nil {
		return nil, err
	}
	return clientcmd.NewNonInteractiveClientConfig(minified, context, &overrides, k.rules), nil
}

// minify returns a copy of the kubeconfig with one context only. client-go modifies and copies the kubeconfig it gets,
// which would be a data race, and slow for ten thousand contexts.
func (k *Kubeconfig) minify(context string) clientcmdapi.Config {
	out := clientcmdapi.NewConfig()
	out.CurrentContext = k.raw.CurrentContext
	if context == "" {
		context = k.raw.CurrentContext
	}
	override := k.options.Overrides.Context
	names := []string{override.Cluster, override.AuthInfo}
	if c := k.raw.Contexts[context]; c != nil {
		out.Contexts[context] = c.DeepCopy()
		names = append(names, c.Cluster, c.AuthInfo)
	}
	for _, name := range names {
		if cluster := k.raw.Clusters[name]; cluster != nil {
			out.Clusters[name] = cluster.DeepCopy()
		}
		if user := k.raw.AuthInfos[name]; user != nil {
			out.AuthInfos[name] = user.DeepCopy()
		}
	}
	return *out
}
