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

func TestAKubeconfigHasTheWayToTheServerAndTheTokenAlone(t *testing.T) {
	t.Parallel()
	tok := testToken(t, jwtFor(time.Unix(1000, 0), time.Unix(4600, 0)), time.Time{}, 3600)
	made := NewKubeconfig()
	if err := made.AddToken(testEntry("one"), tok); err != nil {
		t.Fatal(err)
	}
	content, err := made.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte("expires at 1970-01-01T01:16:40Z")) {
		t.Errorf("it does not say when it expires:\n%s", content)
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
		t.Errorf("made:\n%s", content)
	}
}

func TestAKubeconfigWithAPluginHoldsNoCredentialAndNeverAsks(t *testing.T) {
	t.Parallel()
	made := NewKubeconfig()
	if err := made.AddPlugin(testEntry("one"), []string{"sa", "credential"}); err != nil {
		t.Fatal(err)
	}
	content, err := made.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.Load(content)
	if err != nil {
		t.Fatal(err)
	}
	exec := got.AuthInfos["one"].Exec
	if exec.Command != "joinctl" || exec.InteractiveMode != clientcmdapi.NeverExecInteractiveMode || !strings.Contains(exec.InstallHint, "installed") {
		t.Errorf("made:\n%s", content)
	}
}

func TestTwoContextsOfOneNameAreAnError(t *testing.T) {
	t.Parallel()
	made := NewKubeconfig()
	if err := made.AddPlugin(testEntry("one"), nil); err != nil {
		t.Fatal(err)
	}
	if err := made.AddPlugin(testEntry("one"), nil); err == nil {
		t.Error("accepted")
	}
	if err := made.AddPlugin(testEntry("two"), nil); err != nil {
		t.Error(err)
	}
}
