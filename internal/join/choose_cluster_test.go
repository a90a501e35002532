// SPDX-License-Identifier: Apache-2.0

package join

import (
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestAJoinerChoosesTheClusterOfAKubeconfigAsItsProgramDoes(t *testing.T) {
	t.Parallel()
	clusters := func(names ...string) *clientcmdapi.Config {
		config := clientcmdapi.NewConfig()
		for _, name := range names {
			config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name}
		}
		return config
	}
	current := func(config *clientcmdapi.Config, cluster string) *clientcmdapi.Config {
		config.CurrentContext = "current"
		config.Contexts["current"] = &clientcmdapi.Context{Cluster: cluster}
		return config
	}
	for name, test := range map[string]struct {
		config           *clientcmdapi.Config
		karmada, kubeadm string // the server; empty: an error
	}{
		"no cluster":                           {clusters(), "", ""},
		"one without a name":                   {clusters(""), "https://", "https://"},
		"one with a name":                      {clusters("a"), "https://a", ""},
		"one in the current context":           {current(clusters("a"), "a"), "https://a", "https://a"},
		"one of two in the current context":    {current(clusters("a", "b"), "b"), "", "https://b"},
		"one of two without a name":            {current(clusters("", "b"), "b"), "", "https://"},
		"a current context without its object": {current(clusters("a"), "gone"), "https://a", ""},
	} {
		for joiner, want := range map[Joiner]string{Karmada: test.karmada, Kubeadm: test.kubeadm} {
			cluster, err := joiner.Description().ChooseCluster(test.config)
			switch {
			case want == "" && err == nil:
				t.Errorf("%s: %s chooses %s", name, joiner, cluster.Server)
			case want != "" && (err != nil || cluster == nil || cluster.Server != want):
				t.Errorf("%s: %s chooses %v, %v, want %s", name, joiner, cluster, err, want)
			}
		}
	}
}
