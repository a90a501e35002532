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

// A kubeconfig builds a kubeconfig file for a test.
type kubeconfig struct {
	*clientcmdapi.Config
	t testing.TB
}

func newKubeconfig(t testing.TB) *kubeconfig { return &kubeconfig{clientcmdapi.NewConfig(), t} }

// add adds a context for a control plane with its administrator as user. Callers may change the returned values.
func (k *kubeconfig) add(name string, p *controlPlane) (*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
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

// addLive adds n targets on the running control planes. Each has its own TLS server name, so that none share a connection.
func (k *kubeconfig) addLive(n int) *kubeconfig {
	k.t.Helper()
	for i := range n {
		cluster, _ := k.add(fmt.Sprintf("live-%03d", i), controlPlanes[i%len(controlPlanes)])
		cluster.TLSServerName = serverName(i / len(controlPlanes))
	}
	return k
}

// mixedFleet returns a kubeconfig with three working targets and five that fail for different reasons.
func mixedFleet(t testing.TB) *kubeconfig {
	t.Helper()
	k := newKubeconfig(t)
	for i, name := range []string{"live/a", "live/b", "live/c"} {
		k.add(name, controlPlanes[i])
	}
	closedPort, _ := k.add("refuses", controlPlanes[0])
	closedPort.Server = "https://127.0.0.1:1"
	silent, _ := k.add("silent", controlPlanes[0])
	silent.Server = "https://" + startSilentServer(t)
	forbidden, forbiddenUser := k.add("forbidden", controlPlanes[0])
	forbidden.TLSServerName, forbiddenUser.Impersonate = serverName(0), "nobody"
	wrongCA, _ := k.add("wrong-ca", controlPlanes[0])
	wrongCA.CertificateAuthorityData = controlPlanes[1].CAData
	failingPlugin, user := k.add("plugin", controlPlanes[0])
	failingPlugin.TLSServerName = serverName(1)
	*user = *plugin("sh", "-c", "exit 7")
	return k
}

// plugin returns a user with a command as exec credential plugin.
func plugin(command string, args ...string) *clientcmdapi.AuthInfo {
	return &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: command, Args: args, InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
	}}
}

// startSilentServer returns the address of a server that accepts connections but never sends anything.
func startSilentServer(t testing.TB) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// write writes the kubeconfig to a file and returns its path.
func (k *kubeconfig) write() string {
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
