// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// InCluster is the name under which the control plane that a Pod runs in appears where other control planes
// have a context name.
const InCluster = "in-cluster"

// adminKubeconfig is where kubeadm leaves the administrator's kubeconfig on a control plane node.
const adminKubeconfig = "/etc/kubernetes/admin.conf"

// A LoadOptions says where the settings of a connection come from.
type LoadOptions struct {
	Path           string                    // an explicit kubeconfig; empty: the files of KUBECONFIG, else ~/.kube/config
	Overrides      clientcmd.ConfigOverrides // what flags put in place of the kubeconfig's own values
	RequestTimeout time.Duration             // for one request, start to end; 0 means none
}

// A Kubeconfig is the merged content of all kubeconfig files, read and parsed once.
type Kubeconfig struct {
	source    LoadOptions
	raw       clientcmdapi.Config
	rules     *clientcmd.ClientConfigLoadingRules
	inCluster *rest.Config
}

// Load reads the kubeconfig by client-go's rules: the explicit path, else the merged files of KUBECONFIG, else
// ~/.kube/config, else the ServiceAccount of the Pod. Relative paths in a file are relative to that file.
// Every error is a *ConfigError.
func Load(source LoadOptions) (*Kubeconfig, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = source.Path
	rules.WarnIfAllMissing = false
	raw, err := rules.Load()
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("read kubeconfig: %w", err)}
	}
	k := &Kubeconfig{source: source, raw: *raw, rules: rules}
	if !clientcmdapi.IsConfigEmpty(raw) || k.Addressed() {
		return k, nil
	}
	if source.Path != "" {
		return nil, &failure.ConfigError{Err: fmt.Errorf("kubeconfig %s is empty", source.Path)}
	}
	if k.inCluster, err = rest.InClusterConfig(); err != nil {
		return nil, &failure.ConfigError{Err: errors.New("no kubeconfig found"), Hint: noKubeconfigHint()}
	}
	return k, nil
}

func noKubeconfigHint() string {
	hint := "name one with --kubeconfig or KUBECONFIG"
	if _, err := os.Stat(adminKubeconfig); err == nil {
		hint += ", for example --kubeconfig " + adminKubeconfig
	}
	return hint
}

// Addressed reports whether flags name the server, so that no context is needed.
func (k *Kubeconfig) Addressed() bool { return k.source.Overrides.ClusterInfo.Server != "" }

// HasContext reports whether a context of that name exists.
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

// CurrentContext returns the context that is used when none is named: the kubeconfig's current-context, InCluster,
// or "" where flags alone say how to connect.
func (k *Kubeconfig) CurrentContext() string {
	if k.inCluster != nil {
		return InCluster
	}
	return k.raw.CurrentContext
}

// Config returns how to connect to the cluster of a context, as its user. Every error is a *ConfigError.
func (k *Kubeconfig) Config(context string) (*rest.Config, error) {
	overrides := k.source.Overrides
	if k.inCluster != nil {
		return k.inClusterConfig(overrides)
	}
	overrides.CurrentContext = context
	cfg, err := clientcmd.NewNonInteractiveClientConfig(k.only(context), context, &overrides, k.rules).ClientConfig()
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	if err := rest.LoadTLSFiles(cfg); err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	cfg.Timeout = k.source.RequestTimeout
	return cfg, nil
}

// inClusterConfig applies what flags override to the Pod's own connection.
func (k *Kubeconfig) inClusterConfig(overrides clientcmd.ConfigOverrides) (*rest.Config, error) {
	cfg := rest.CopyConfig(k.inCluster)
	cfg.Timeout = k.source.RequestTimeout
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

// only returns a copy of what the kubeconfig says about one context. client-go writes to what it is given, copies the
// whole of it at times, and may be asked about ten thousand contexts at once.
func (k *Kubeconfig) only(context string) clientcmdapi.Config {
	out := clientcmdapi.NewConfig()
	out.CurrentContext = k.raw.CurrentContext
	if context == "" {
		context = k.raw.CurrentContext
	}
	override := k.source.Overrides.Context
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
