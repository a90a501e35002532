// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// AdminToken is the bearer token in every kubeconfig of this package.
const AdminToken = "apitest-admin-token"

// Kubeconfig writes a kubeconfig with one context for each server and returns its path. The current context is the
// first by name. Context NAME has cluster NAME and user NAME-admin.
func Kubeconfig(t testing.TB, servers map[string]*Server) string {
	t.Helper()
	if len(servers) == 0 {
		return KubeconfigAt(t, "", servers)
	}
	return KubeconfigAt(t, slices.Min(slices.Collect(maps.Keys(servers))), servers)
}

// KubeconfigAt is Kubeconfig with a current context of the test's choice, "" for none.
func KubeconfigAt(t testing.TB, current string, servers map[string]*Server) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.CurrentContext = current
	for name, server := range servers {
		user := name + "-admin"
		config.Clusters[name] = &clientcmdapi.Cluster{Server: server.URL, CertificateAuthorityData: server.CA}
		config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: AdminToken}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: user}
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}
