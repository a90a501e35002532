// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestReferencesAreAllFilesOfTheKubeconfigAndTheFlags(t *testing.T) {
	t.Parallel()
	k := kubeconfigOf(t, map[string]*clientcmdapi.AuthInfo{"u": {ClientCertificate: "/u.crt", ClientKey: "/u.key", TokenFile: "/u.token"}},
		func(config *clientcmdapi.Config) { config.Clusters["a"].CertificateAuthority = "/a.crt" })
	k.options.Overrides = clientcmd.ConfigOverrides{
		ClusterInfo: clientcmdapi.Cluster{CertificateAuthority: "/flag.crt"},
		AuthInfo:    clientcmdapi.AuthInfo{ClientCertificate: "/flag-u.crt", ClientKey: "/flag-u.key", TokenFile: "/flag-u.token"},
	}
	got := k.References()
	slices.Sort(got)
	if want := []string{"/a.crt", "/flag-u.crt", "/flag-u.key", "/flag-u.token", "/flag.crt", "/u.crt", "/u.key", "/u.token"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if files := KubeconfigFiles("/some/kubeconfig"); !slices.Equal(files, []string{"/some/kubeconfig"}) {
		t.Errorf("kubeconfig files %q", files)
	}
}
