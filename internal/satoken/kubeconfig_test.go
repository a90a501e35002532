// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/kube"
)

func testEntry(name string) Entry {
	return Entry{
		Context: name,
		User:    name,
		Account: Account{"ns", "robot"},
		Source: kube.ContextEntry{ClusterName: "cluster-of-" + name, Cluster: clientcmdapi.Cluster{
			Server:               "https://127.0.0.1:6443",
			TLSServerName:        "kubernetes",
			ProxyURL:             "http://127.0.0.1:3128",
			CertificateAuthority: "/somewhere/ca.crt",
		}},
		CA: []byte("PEM"),
	}
}

func TestAKubeconfigHasOnlyTheEndpointAndTheToken(t *testing.T) {
	t.Parallel()
	tok := testToken(t, jwtFor(time.Unix(1000, 0), time.Unix(4600, 0)), time.Time{}, 3600)
	kubeconfig := NewKubeconfig()
	if err := kubeconfig.AddToken(testEntry("one"), tok); err != nil {
		t.Fatal(err)
	}
	content, err := kubeconfig.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte("expires at 1970-01-01T01:16:40Z")) {
		t.Errorf("the file does not say when the token expires:\n%s", content)
	}
	got, err := clientcmd.Load(content)
	if err != nil {
		t.Fatal(err)
	}
	context := got.Contexts[got.CurrentContext]
	cluster, user := got.Clusters[context.Cluster], got.AuthInfos[context.AuthInfo]
	if user.Token != tok.Reveal() || context.Namespace != "ns" || cluster.Server != "https://127.0.0.1:6443" ||
		cluster.TLSServerName != "kubernetes" || cluster.ProxyURL != "http://127.0.0.1:3128" ||
		string(cluster.CertificateAuthorityData) != "PEM" || cluster.CertificateAuthority != "" {
		t.Errorf("got:\n%s", content)
	}
}

func TestAKubeconfigWithAPluginIsNotInteractive(t *testing.T) {
	t.Parallel()
	kubeconfig := NewKubeconfig()
	if err := kubeconfig.AddPlugin(testEntry("one"), []string{"sa", "credential"}); err != nil {
		t.Fatal(err)
	}
	content, err := kubeconfig.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.Load(content)
	if err != nil {
		t.Fatal(err)
	}
	exec := got.AuthInfos["one"].Exec
	if exec.Command != "joinctl" || exec.InteractiveMode != clientcmdapi.NeverExecInteractiveMode || !strings.Contains(exec.InstallHint, "installed") {
		t.Errorf("got:\n%s", content)
	}
}

func TestAddingANameTwiceIsAnError(t *testing.T) {
	t.Parallel()
	kubeconfig := NewKubeconfig()
	if err := kubeconfig.AddPlugin(testEntry("one"), nil); err != nil {
		t.Fatal(err)
	}
	if err := kubeconfig.AddPlugin(testEntry("one"), nil); err == nil {
		t.Error("accepted")
	}
	if err := kubeconfig.AddPlugin(testEntry("two"), nil); err != nil {
		t.Error(err)
	}
}
