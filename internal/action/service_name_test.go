// SPDX-License-Identifier: Apache-2.0

package action

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/join"
)

// Karmada's Helm chart writes the name of a Service into cluster-info. karmadactl register does not go there, kubeadm does.
func TestAServiceInClusterInfoIsWrongOnlyForAJoinerThatGoesThere(t *testing.T) {
	t.Parallel()
	for server, severities := range map[string]map[join.Joiner]controlplane.Severity{
		"https://karmada-apiserver.karmada-system.svc.cluster.local:5443": {join.Karmada: controlplane.Info, join.Kubeadm: controlplane.Error},
		"https://localhost:5443": {join.Karmada: controlplane.Warning, join.Kubeadm: controlplane.Error},
	} {
		hub := apitest.New(t, apitest.Karmada)
		config := clientcmdapi.NewConfig()
		config.Clusters[""] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: hub.CA}
		text, err := clientcmd.Write(*config)
		adminCheck(t, err)
		hub.Put(&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespacePublic, Name: "cluster-info"},
			Data:       map[string]string{"kubeconfig": string(text)},
		})
		for joiner, want := range severities {
			found, err := (&Doctor{Session: adminHub(t, hub), Joiner: joiner}).Run(t.Context())
			adminCheck(t, err)
			if f := findingOf(found, "cluster-info-server"); f.Severity != want {
				t.Errorf("%s, %s: %+v", joiner, server, f)
			}
			if joiner == join.Karmada && want == controlplane.Info && len(found.Findings) != 0 {
				t.Errorf("doctor exits 4: %v", found.Findings)
			}
		}
	}
}
