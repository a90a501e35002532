// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// clusterInfo returns the ConfigMap that joiners read, with the CA of the kubeconfig. Its only cluster has no name, so every
// joiner chooses it without a current context. Every error is a *failure.ConfigError.
func clusterInfo(c *kube.Client, endpoint join.Endpoint) (*corev1.ConfigMap, error) {
	if _, err := trusted(c); err != nil {
		return nil, err
	}
	kubeconfig, err := clientcmd.Write(clientcmdapi.Config{Clusters: map[string]*clientcmdapi.Cluster{
		"": {Server: "https://" + endpoint.HostPort(), CertificateAuthorityData: c.CA()},
	}})
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("write the kubeconfig of cluster-info: %w", err)}
	}
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: inPublic(bootstrapapi.ConfigMapClusterInfo),
		Data:       map[string]string{bootstrapapi.KubeConfigKey: string(kubeconfig)},
	}, nil
}

// trusted returns the certificates of the kubeconfig's CA. It refuses a connection that is not verified: its CA may be anybody's.
func trusted(c *kube.Client) ([]*x509.Certificate, error) {
	const hint = "give the kubeconfig's cluster its certificate-authority: it goes into cluster-info, where joiners read it"
	if c.Insecure() {
		return nil, &failure.ConfigError{Err: fmt.Errorf("the connection to %s is not verified, so no CA can be taken from it", c.Server().Redacted()), Hint: hint}
	}
	certificates, err := cert.ParseCertsPEM(c.CA())
	if err != nil {
		return nil, &failure.ConfigError{Err: errors.New("the kubeconfig has no certificate authority of its own"), Hint: hint}
	}
	return certificates, nil
}

// difference says how an existing cluster-info differs from the wanted one. It returns "" if they agree. now is the server's
// time.
func difference(c *kube.Client, info *discovery.ClusterInfo, chosen join.Endpoint, now time.Time) (string, error) {
	wanted, err := trusted(c)
	if err != nil {
		return "", err
	}
	if differs := differenceOfCA(info.Certificates, wanted, now); differs != "" {
		return differs, nil
	}
	if server, err := endpointIn(info); !chosen.IsZero() && (err != nil || server != chosen) {
		return fmt.Sprintf("its server is %q", info.Server), nil
	}
	return "", nil
}

// differenceOfCA compares certificates and not pins: a renewed CA keeps its key, and joiners verify the dates too. One
// certificate that both have and that is valid is enough.
func differenceOfCA(existing, wanted []*x509.Certificate, now time.Time) string {
	out := "it carries another certificate authority than the kubeconfig"
	for _, one := range existing {
		dates := certificate.Dates(one, now)
		same := slices.ContainsFunc(wanted, func(other *x509.Certificate) bool { return join.PinOf(other) == join.PinOf(one) })
		switch {
		case dates == "" && slices.ContainsFunc(wanted, one.Equal):
			return ""
		case same && dates != "":
			out = fmt.Sprintf("its certificate authority (%s) %s", certificate.Name(one), dates)
		case same:
			out = fmt.Sprintf("it carries another certificate of the kubeconfig's certificate authority (%s, %s)", certificate.Name(one), certificate.Span(one))
		}
	}
	return out
}

// endpointIn returns the endpoint of the server in cluster-info.
func endpointIn(info *discovery.ClusterInfo) (join.Endpoint, error) {
	server, err := url.Parse(info.Server)
	if err != nil {
		return join.Endpoint{}, errors.New("its server is no URL")
	}
	return join.EndpointOf(server)
}
