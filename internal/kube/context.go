// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

const (
	defaultNamespace = "default"
	// podNamespaceFile holds the namespace of the Pod (k8s.io/client-go/tools/clientcmd/client_config.go).
	podNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// A ContextEntry is one context of the kubeconfig and its cluster, after the overrides of flags.
type ContextEntry struct {
	Namespace   string // that of the flag, else of the context, else of the Pod, else default
	ClusterName string
	Cluster     clientcmdapi.Cluster
	File        string // absolute path of the regular file that defines context, cluster and user; "" if no single file does
}

// Entry returns the entry of a context. Every error is a *failure.ConfigError.
func (k *Kubeconfig) Entry(context string) (ContextEntry, error) {
	overrides := k.options.Overrides
	if k.inCluster != nil {
		return ContextEntry{
			Namespace:   cmp.Or(overrides.Context.Namespace, podNamespace(podNamespaceFile)),
			ClusterName: InCluster,
			Cluster:     clientcmdapi.Cluster{Server: k.inCluster.Host},
		}, nil
	}
	overrides.CurrentContext = context
	config, err := k.clientConfig(context, overrides)
	if err != nil {
		return ContextEntry{}, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	namespace, _, err := config.Namespace()
	if err != nil {
		return ContextEntry{}, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	merged, err := config.MergedRawConfig()
	if err != nil {
		return ContextEntry{}, &failure.ConfigError{Err: fmt.Errorf("context %q: %w", context, err)}
	}
	entry := ContextEntry{Namespace: namespace, File: k.singleFile(context)}
	if used := merged.Contexts[merged.CurrentContext]; used != nil {
		entry.ClusterName = used.Cluster
	}
	if cluster := merged.Clusters[entry.ClusterName]; cluster != nil {
		entry.Cluster = *cluster
	}
	return entry, nil
}

// singleFile returns the file that defines a context, its cluster and its user, "" if several files do.
func (k *Kubeconfig) singleFile(name string) string {
	context := k.raw.Contexts[name]
	if context == nil {
		return ""
	}
	cluster, user := k.cluster(name), k.user(name)
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
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return "" // nobody can read a pipe again
	}
	return file
}

// podNamespace returns the namespace of the Pod, which a file holds, or default.
func podNamespace(file string) string {
	content, _ := os.ReadFile(file)
	return cmp.Or(strings.TrimSpace(string(content)), defaultNamespace)
}

// A ContextSummary describes a context for a list. It comes from the kubeconfig alone: no other file is read.
type ContextSummary struct {
	Cluster    string // name in the kubeconfig
	Server     string // URL, without a user name and a password
	Namespace  string // empty: the context has none
	User       string // name in the kubeconfig
	Credential string // its kind, for people: token, client certificate, plugin aws …
}

// Summary returns the summary of a context. A *failure.ConfigError says that its user or its cluster does not exist.
func (k *Kubeconfig) Summary(context string) (ContextSummary, error) {
	if k.inCluster != nil {
		return ContextSummary{Cluster: InCluster, Server: k.inCluster.Host, Credential: "ServiceAccount token"}, nil
	}
	c := k.raw.Contexts[context]
	if c == nil {
		return ContextSummary{Server: RedactURL(k.options.Overrides.ClusterInfo.Server), Credential: credentialKind(&k.options.Overrides.AuthInfo)}, nil
	}
	out := ContextSummary{Cluster: c.Cluster, Namespace: c.Namespace, User: c.AuthInfo, Credential: credentialKind(k.user(context))}
	if c.AuthInfo != "" && k.user(context) == nil {
		return out, &failure.ConfigError{Err: fmt.Errorf("context %q: user %q does not exist", context, c.AuthInfo)}
	}
	cluster := k.cluster(context)
	if cluster == nil {
		return out, &failure.ConfigError{Err: fmt.Errorf("context %q: cluster %q does not exist", context, c.Cluster)}
	}
	out.Server = RedactURL(cluster.Server)
	return out, nil
}

// credentialKind names the kind of a user's credential, in client-go's order of precedence.
func credentialKind(user *clientcmdapi.AuthInfo) string {
	switch {
	case user == nil:
		return ""
	case user.Exec != nil:
		return "plugin " + user.Exec.Command
	case user.AuthProvider != nil:
		return "auth provider " + user.AuthProvider.Name
	case user.Token != "" || user.TokenFile != "":
		return "token"
	case user.Username != "":
		return "password"
	case len(user.ClientCertificateData) > 0 || user.ClientCertificate != "":
		return "client certificate"
	}
	return ""
}

// An EndpointKey identifies the endpoint of a context and ignores its user. Contexts with the same EndpointKey connect to
// the same server, which can be an access proxy: that serves many control planes at one address, and picks one by the user.
type EndpointKey struct {
	Server        string // URL in canonical form
	CA            string // content of the certificate authority
	TLSServerName string
	Proxy         string
}

// EndpointKey returns the key of a context's endpoint, and false if the context has no server.
func (k *Kubeconfig) EndpointKey(context string) (EndpointKey, bool) {
	cluster := k.cluster(context)
	if cluster == nil || cluster.Server == "" {
		return EndpointKey{}, false
	}
	return EndpointKey{
		Server:        canonicalURL(cluster.Server),
		CA:            k.certificateAuthority(cluster),
		TLSServerName: cluster.TLSServerName,
		Proxy:         cluster.ProxyURL,
	}, true
}

// canonicalURL returns a URL with scheme and host in lower case, with a port and without a trailing slash.
func canonicalURL(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return server
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if u.Port() == "" {
		u.Host += map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u.String()
}

// certificateAuthority returns the content of a cluster's certificate authority. It returns the name of a file that it
// cannot read: Config reports the error.
func (k *Kubeconfig) certificateAuthority(cluster *clientcmdapi.Cluster) string {
	if len(cluster.CertificateAuthorityData) > 0 || cluster.CertificateAuthority == "" {
		return string(bytes.TrimSpace(cluster.CertificateAuthorityData))
	}
	content, isStream, err := k.streams.load(cluster.CertificateAuthority)
	if err == nil && !isStream {
		content, err = os.ReadFile(cluster.CertificateAuthority)
	}
	if err != nil {
		return cluster.CertificateAuthority
	}
	return string(bytes.TrimSpace(content))
}

// Plugin returns the command of a context's exec plugin, or the name of its auth provider; "" if it has neither.
func (k *Kubeconfig) Plugin(context string) string {
	user := k.user(context)
	switch {
	case user == nil:
		return ""
	case user.Exec != nil:
		return user.Exec.Command
	case user.AuthProvider != nil:
		return "auth provider " + user.AuthProvider.Name
	}
	return ""
}

func (k *Kubeconfig) cluster(context string) *clientcmdapi.Cluster {
	if c := k.raw.Contexts[context]; c != nil {
		return k.raw.Clusters[c.Cluster]
	}
	return nil
}

func (k *Kubeconfig) user(context string) *clientcmdapi.AuthInfo {
	if c := k.raw.Contexts[context]; c != nil {
		return k.raw.AuthInfos[c.AuthInfo]
	}
	return nil
}
