// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

func TestDoctorFindsFaultsInClusterInfo(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	original := h.clusterInfo(t)
	editedInfo := func(change func(*clientcmdapi.Config, *clientcmdapi.Cluster)) string {
		config, err := clientcmd.Load([]byte(original))
		if err != nil {
			t.Fatal(err)
		}
		change(config, config.Clusters[""])
		content, err := clientcmd.Write(*config)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	server := func(url string) string {
		return editedInfo(func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server = url })
	}
	for name, fault := range map[string]struct{ check, content string }{
		"no kubeconfig":     {"cluster-info", ""},
		"not YAML":          {"cluster-info", "{"},
		"two clusters":      {"cluster-info", editedInfo(func(c *clientcmdapi.Config, one *clientcmdapi.Cluster) { c.Clusters["two"] = one })},
		"no CA":             {"cluster-info", editedInfo(func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.CertificateAuthorityData = nil })},
		"another CA":        {"cluster-info-ca", editedInfo(func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.CertificateAuthorityData = otherCA(t) })},
		"loopback":          {"cluster-info-server", server("https://" + h.Host)},
		"http":              {"cluster-info-server", server("http://hub.example.org:5443")},
		"path":              {"cluster-info-server", server("https://rancher.example.org/k8s/clusters/c-xyz")},
		"unknown host name": {"cluster-info-server", server("https://nowhere.invalid:5443")},
		"closed port":       {"cluster-info-server", server("https://" + externalAddress(t) + ":1")},
		"empty server":      {"cluster-info-server", server("")},
	} {
		h.setClusterInfoKubeconfig(t, fault.content)
		t.Run(name, func(t *testing.T) { h.expectFindings(t, fault.check) })
	}
	h.setClusterInfoKubeconfig(t, server("https://karmada-apiserver.karmada-system.svc.cluster.local:5443"))
	h.expectFindings(t) // karmadactl does not go there
	if err := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).Delete(t.Context(), "cluster-info", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	h.expectFindings(t, "cluster-info")
	h.joinctl(t, "doctor").Expect(t, 4)
}

func TestDoctorFindsServerMissingFromTheCertificate(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--karmada", "--name", "hub")
	h := &hub{ControlPlane: cp}
	h.joinctl(t, "setup", "--yes", "--endpoint", relay.Forward(t, externalAddress(t)+":0", cp.Host).Addr).OK(t)
	h.expectFindings(t, "cluster-info-server")
	if out := h.joinctl(t, "doctor", "-o", "wide"); !strings.Contains(out.Stdout, "certificate is valid for") {
		t.Errorf("stdout is %s", out.Stdout)
	}
}

// setClusterInfoKubeconfig replaces the kubeconfig in cluster-info.
func (h *hub) setClusterInfoKubeconfig(t *testing.T, content string) {
	t.Helper()
	h.setClusterInfoKeys(t, map[string]string{"kubeconfig": content})
}

// setClusterInfoKeys sets keys of cluster-info.
func (h *hub) setClusterInfoKeys(t *testing.T, data map[string]string) {
	t.Helper()
	infos := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic)
	info, err := infos.Get(t.Context(), "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(info.Data, data)
	if _, err := infos.Update(t.Context(), info, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// otherCA returns the CA certificate of another control plane.
func otherCA(t *testing.T) []byte {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(controlplane.Start(t, program.Binary("controlplane")).Dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}
