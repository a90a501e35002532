// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"cmp"
	"reflect"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/join"
)

// kubeconfigs are the kubeconfigs that cluster-info may have, with the server that each joiner chooses. An empty server
// means an error that contains why.
var kubeconfigs = []struct {
	name             string
	config           func(ca []byte) string
	karmada, kubeadm string
	why              [2]string
}{
	{"one unnamed cluster", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters[""] = cluster("https://a:1", ca)
	}), "https://a:1", "https://a:1", [2]string{}},
	{"one cluster and no context", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters["k"] = cluster("https://a:1", ca)
	}), "https://a:1", "", [2]string{"", "current context"}},
	{"one cluster of the current context", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters["k"] = cluster("https://a:1", ca)
		c.Contexts["x"], c.CurrentContext = &clientcmdapi.Context{Cluster: "k"}, "x"
	}), "https://a:1", "https://a:1", [2]string{}},
	{"a current context without its cluster", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters["k"] = cluster("https://a:1", ca)
		c.Contexts["x"], c.CurrentContext = &clientcmdapi.Context{Cluster: "other"}, "x"
	}), "https://a:1", "", [2]string{"", "current context"}},
	{"a current context that is not there", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters["k"] = cluster("https://a:1", ca)
		c.CurrentContext = "x"
	}), "https://a:1", "", [2]string{"", "current context"}},
	{"two clusters, one of the current context", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters["k"], c.Clusters["l"] = cluster("https://a:1", ca), cluster("https://b:1", ca)
		c.Contexts["x"], c.CurrentContext = &clientcmdapi.Context{Cluster: "l"}, "x"
	}), "", "https://b:1", [2]string{"2 clusters", ""}},
	{"two clusters, one unnamed", written(func(c *clientcmdapi.Config, ca []byte) {
		c.Clusters[""], c.Clusters["l"] = cluster("https://a:1", ca), cluster("https://b:1", ca)
		c.Contexts["x"], c.CurrentContext = &clientcmdapi.Context{Cluster: "l"}, "x"
	}), "", "https://a:1", [2]string{"2 clusters", ""}},
	{"no cluster", written(func(*clientcmdapi.Config, []byte) {}), "", "", [2]string{"0 clusters", "current context"}},
	{"no authority", written(func(c *clientcmdapi.Config, _ []byte) {
		c.Clusters[""] = cluster("https://a:1", nil)
	}), "", "", [2]string{"no certificate authority", "no certificate authority"}},
	{"an authority in a file", written(func(c *clientcmdapi.Config, _ []byte) {
		c.Clusters[""] = &clientcmdapi.Cluster{Server: "https://a:1", CertificateAuthority: "/etc/kubernetes/pki/ca.crt"}
	}), "", "", [2]string{"no certificate authority", "no certificate authority"}},
	{"an authority that is none", written(func(c *clientcmdapi.Config, _ []byte) {
		c.Clusters[""] = cluster("https://a:1", []byte("garbage"))
	}), "", "", [2]string{"authority cannot be read", "authority cannot be read"}},
	{"an authority with a broken certificate", written(func(c *clientcmdapi.Config, _ []byte) {
		c.Clusters[""] = cluster("https://a:1", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	}), "", "", [2]string{"authority cannot be read", "authority cannot be read"}},
	{"a key in place of an authority", written(func(c *clientcmdapi.Config, _ []byte) {
		c.Clusters[""] = cluster("https://a:1", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	}), "", "", [2]string{"authority cannot be read", "authority cannot be read"}},
	{"nothing", func([]byte) string { return "" }, "", "", [2]string{"no kubeconfig", "no kubeconfig"}},
	{"no YAML", func([]byte) string { return "clusters: [}" }, "", "", [2]string{"cannot be read", "cannot be read"}},
	{"something else", func([]byte) string { return "hello" }, "", "", [2]string{"cannot be read", "cannot be read"}},
	{"a Secret", func([]byte) string { return "{apiVersion: v1, kind: Secret}" }, "", "", [2]string{"cannot be read", "cannot be read"}},
}

func TestEachJoinerChoosesItsOwnCluster(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, one := range kubeconfigs {
		for i, want := range []string{one.karmada, one.kubeadm} {
			joiner := []join.Joiner{join.Karmada, join.Kubeadm}[i]
			info, err := parse(map[string]string{"kubeconfig": one.config(ca.pem)}, joiner)
			switch {
			case want == "" && (err == nil || !strings.Contains(err.Error(), one.why[i])):
				t.Errorf("%s, for %s: got %v, want an error about %q", one.name, joiner, err, one.why[i])
			case want != "" && (err != nil || info.Server != want || string(info.CA) != string(ca.pem)):
				t.Errorf("%s, for %s: got %+v, %v, want %s", one.name, joiner, info, err, want)
			}
		}
	}
}

func TestClusterInfoKeepsItsSignaturesByTokenID(t *testing.T) {
	t.Parallel()
	text := kubeconfig(t, "https://a:1", newAuthority(t).pem)
	info, err := parse(map[string]string{"kubeconfig": text, "jws-kubeconfig-abcdef": "one", "jws-kubeconfig-fedcba": "two", "other": "x"}, join.Karmada)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"abcdef": "one", "fedcba": "two"}; !reflect.DeepEqual(info.Signatures, want) || info.Kubeconfig != text {
		t.Errorf("got %v", info.Signatures)
	}
}

func TestPinsListEveryAuthorityOnce(t *testing.T) {
	t.Parallel()
	one, other := newAuthority(t), newAuthority(t)
	bundle := string(one.pem) + "# the next one\n" + string(other.pem) + string(one.pem)
	info, err := parse(map[string]string{"kubeconfig": kubeconfig(t, "https://a:1", []byte(bundle))}, join.Karmada)
	if err != nil {
		t.Fatal(err)
	}
	if want := []join.Pin{join.PinOf(one.cert), join.PinOf(other.cert)}; !reflect.DeepEqual(info.Pins(), want) {
		t.Errorf("got %v, want %v", info.Pins(), want)
	}
}

func cluster(server string, ca []byte) *clientcmdapi.Cluster {
	return &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
}

// written returns a function that writes a kubeconfig, which fill completes.
func written(fill func(*clientcmdapi.Config, []byte)) func([]byte) string {
	return func(ca []byte) string {
		config := clientcmdapi.NewConfig()
		fill(config, ca)
		text, err := clientcmd.Write(*config)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
}

func TestReadAnyReturnsAClusterInfoThatOneJoinerCanUse(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, one := range kubeconfigs {
		p := build(t, "127.0.0.1")
		p.data["kubeconfig"] = one.config(ca.pem)
		want := cmp.Or(one.kubeadm, one.karmada)
		info, err := ReadAny(t.Context(), p.admin())
		if (err == nil) != (want != "") || err == nil && info.Server != want {
			t.Errorf("%s: got %+v, %v, want %q", one.name, info, err, want)
		}
	}
}
