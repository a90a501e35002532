// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"net/url"
	"os"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A EndpointKey is where a context leads, whoever travels it. Contexts with the same EndpointKey reach the same control plane.
type EndpointKey struct {
	Server        string // URL, in the one form in which equal ones are equal
	CA            string // content of the certificate authority
	TLSServerName string
	Proxy         string
}

// EndpointKey returns where a context leads; false where the kubeconfig does not say.
func (k *Kubeconfig) EndpointKey(context string) (EndpointKey, bool) {
	cluster := k.cluster(context)
	if cluster == nil || cluster.Server == "" {
		return EndpointKey{}, false
	}
	return EndpointKey{
		Server:        canonical(cluster.Server),
		CA:            k.authority(cluster),
		TLSServerName: cluster.TLSServerName,
		Proxy:         cluster.ProxyURL,
	}, true
}

// Plugin returns the command of the exec plugin that gives a context its credential, "" where there is none.
func (k *Kubeconfig) Plugin(context string) string {
	if user := k.user(context); user != nil && user.Exec != nil {
		return user.Exec.Command
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

// canonical returns a URL as others write it too: scheme and host in lower case, with a port, without a last slash.
func canonical(server string) string {
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

// authority returns the content of a cluster's certificate authority. Of a file that cannot be read the name has to do:
// what is wrong with it is told when it is needed.
func (k *Kubeconfig) authority(cluster *clientcmdapi.Cluster) string {
	if len(cluster.CertificateAuthorityData) > 0 || cluster.CertificateAuthority == "" {
		return string(bytes.TrimSpace(cluster.CertificateAuthorityData))
	}
	content, err := os.ReadFile(cluster.CertificateAuthority)
	if err != nil {
		return cluster.CertificateAuthority
	}
	return string(bytes.TrimSpace(content))
}
