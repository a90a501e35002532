// SPDX-License-Identifier: Apache-2.0

package join

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/joinctl/joinctl/internal/token"
)

// BootstrapKubeconfig returns a kubeconfig whose user has a bootstrap token, as kubelet reads it with --bootstrap-kubeconfig
// and kubeadm with --discovery-file. ca is PEM.
func BootstrapKubeconfig(endpoint Endpoint, ca []byte, tok token.Token) ([]byte, error) {
	const cluster, user, context = "bootstrap", "tls-bootstrap-token-user", "tls-bootstrap-token-user@bootstrap"
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: "https://" + endpoint.HostPort(), CertificateAuthorityData: ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: tok.Reveal()}
	config.Contexts[context] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user}
	config.CurrentContext = context
	content, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("encode the bootstrap kubeconfig: %w", err)
	}
	return content, nil
}

// A joinConfiguration is the part of kubeadm's JoinConfiguration that a join command has flags for
// (k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go).
type joinConfiguration struct {
	APIVersion   string            `json:"apiVersion"`
	Kind         string            `json:"kind"`
	Discovery    joinDiscovery     `json:"discovery"`
	ControlPlane *joinControlPlane `json:"controlPlane,omitempty"`
}

type joinDiscovery struct {
	BootstrapToken joinBootstrapToken `json:"bootstrapToken"`
}

type joinBootstrapToken struct {
	Token             string `json:"token"`
	APIServerEndpoint string `json:"apiServerEndpoint"`
	CACertHashes      []Pin  `json:"caCertHashes"`
}

type joinControlPlane struct {
	CertificateKey string `json:"certificateKey"`
}

// JoinConfiguration returns the command as a file for kubeadm join --config, of API version kubeadm.k8s.io/v1beta4.
func (c Command) JoinConfiguration() ([]byte, error) {
	config := joinConfiguration{
		APIVersion: "kubeadm.k8s.io/v1beta4",
		Kind:       "JoinConfiguration",
		Discovery: joinDiscovery{BootstrapToken: joinBootstrapToken{
			Token: c.Token.Reveal(), APIServerEndpoint: c.Endpoint.HostPort(), CACertHashes: c.Pins,
		}},
	}
	if !c.CertificateKey.IsZero() {
		config.ControlPlane = &joinControlPlane{c.CertificateKey.Reveal()}
	}
	content, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode the JoinConfiguration: %w", err)
	}
	return content, nil
}
