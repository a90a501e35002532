// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A kubeconfig is one in the making.
type kubeconfig struct {
	*clientcmdapi.Config
	t testing.TB
}

func newKubeconfig(t testing.TB) *kubeconfig { return &kubeconfig{clientcmdapi.NewConfig(), t} }

// add adds a context that leads to a plane as its administrator.
func (k *kubeconfig) add(name string, p *plane) (*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
	k.t.Helper()
	admin, err := p.ClientConfig()
	if err != nil {
		k.t.Fatal(err)
	}
	cluster := &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData}
	user := &clientcmdapi.AuthInfo{ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData}
	k.Clusters[name], k.AuthInfos[name] = cluster, user
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	return cluster, user
}

// live adds n targets on the live planes, each with a TLS configuration of its own.
func (k *kubeconfig) live(n int) *kubeconfig {
	k.t.Helper()
	for i := range n {
		cluster, _ := k.add(fmt.Sprintf("live-%03d", i), planes[i%len(planes)])
		cluster.TLSServerName = serverName(i / len(planes))
	}
	return k
}

// mixed returns three live targets and five of which each fails in its own way.
func mixed(t testing.TB) *kubeconfig {
	t.Helper()
	k := newKubeconfig(t)
	for i, name := range []string{"live/a", "live/b", "live/c"} {
		k.add(name, planes[i])
	}
	refused, _ := k.add("refuses", planes[0])
	refused.Server = "https://127.0.0.1:1"
	silent, _ := k.add("silent", planes[0])
	silent.Server = "https://" + silence(t)
	forbidden, nobody := k.add("forbidden", planes[0])
	forbidden.TLSServerName, nobody.Impersonate = serverName(0), "nobody"
	wrong, _ := k.add("wrong-ca", planes[0])
	wrong.CertificateAuthorityData = planes[1].CAData
	noPlugin, user := k.add("plugin", planes[0])
	noPlugin.TLSServerName = serverName(1)
	*user = *plugin("sh", "-c", "exit 7")
	return k
}

// plugin returns a user whose credential comes from a command.
func plugin(command string, args ...string) *clientcmdapi.AuthInfo {
	return &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: command, Args: args, InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
	}}
}

// silence returns the address of a server that takes connections and says nothing.
func silence(t testing.TB) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// path writes the kubeconfig and returns where it is.
func (k *kubeconfig) path() string {
	k.t.Helper()
	content, err := clientcmd.Write(*k.Config)
	if err != nil {
		k.t.Fatal(err)
	}
	path := filepath.Join(k.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		k.t.Fatal(err)
	}
	return path
}
