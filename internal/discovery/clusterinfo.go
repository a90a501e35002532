// SPDX-License-Identifier: Apache-2.0

// Package discovery answers what a joining member sees of a control plane: cluster-info, its signature and its CA.
package discovery

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// How many signatures cluster-info can hold. kube-apiserver lets the values of a ConfigMap have 1 MiB together
// (k8s.io/kubernetes/pkg/apis/core/validation), and a signature has 85 bytes: 12,300 fit, and then the signer fails. With
// their keys, and as long as a server keeps what managedFields says of them, requests outgrow that earlier.
const (
	MaxSignatures  = 12_300
	ManySignatures = 9_800 // from here on there is reason to worry
)

// A ClusterInfo is what kube-public/cluster-info tells a joiner, which reads it without a credential
// (kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens).
type ClusterInfo struct {
	Kubeconfig   string              // the very bytes that signatures are made of
	Signatures   map[string]string   // detached JWS signatures by token ID
	Server       string              // URL of the control plane; kubeadm goes on there, karmadactl does not
	CA           []byte              // PEM
	Certificates []*x509.Certificate // the same, parsed; at least one
}

// Read reads cluster-info with a client, in the shape that a joiner demands. An error says what a joiner would trip
// over, with a hint at the remedy.
func Read(ctx context.Context, c *kube.Client, joiner join.Joiner) (*ClusterInfo, error) {
	cm, err := c.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	if err != nil {
		return nil, &failure.Error{Err: fmt.Errorf("read cluster-info at %s: %w", c.Server().Host, err), Hint: readHint(err)}
	}
	info, err := parse(cm.Data, joiner)
	if err != nil {
		return nil, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("cluster-info at %s: %w", c.Server().Host, err)}
	}
	return info, nil
}

func parse(data map[string]string, joiner join.Joiner) (*ClusterInfo, error) {
	info, err := parseLax(data, joiner)
	if err == nil && len(info.CA) == 0 {
		return nil, errors.New("its kubeconfig has no certificate authority data")
	}
	return info, err
}

// parseLax does without a CA, as kubeadm does when none is pinned.
func parseLax(data map[string]string, joiner join.Joiner) (*ClusterInfo, error) {
	info := &ClusterInfo{Kubeconfig: data[bootstrapapi.KubeConfigKey], Signatures: map[string]string{}}
	for key, value := range data {
		if id, ok := strings.CutPrefix(key, bootstrapapi.JWSSignatureKeyPrefix); ok {
			info.Signatures[id] = value
		}
	}
	if info.Kubeconfig == "" {
		return nil, fmt.Errorf("it has no %s", bootstrapapi.KubeConfigKey)
	}
	config, err := clientcmd.Load([]byte(info.Kubeconfig))
	if err != nil {
		return nil, fmt.Errorf("its kubeconfig cannot be read: %w", err)
	}
	cluster, err := choose(config, joiner)
	if err != nil {
		return nil, err
	}
	info.Server, info.CA = cluster.Server, cluster.CertificateAuthorityData
	if len(info.CA) == 0 {
		return info, nil
	}
	if info.Certificates, err = cert.ParseCertsPEM(info.CA); err != nil {
		return nil, fmt.Errorf("its certificate authority cannot be read: %w", err)
	}
	return info, nil
}

// choose picks the cluster as each joiner does: karmadactl takes the only one, kubeadm an unnamed one, else that of
// the current context (karmada pkg/karmadactl/register/register.go; cmd/kubeadm/app/util/kubeconfig/kubeconfig.go).
func choose(config *clientcmdapi.Config, joiner join.Joiner) (*clientcmdapi.Cluster, error) {
	if joiner == join.Kubeadm {
		if cluster := config.Clusters[""]; cluster != nil {
			return cluster, nil
		}
		if context := config.Contexts[config.CurrentContext]; context != nil && config.Clusters[context.Cluster] != nil {
			return config.Clusters[context.Cluster], nil
		}
		return nil, errors.New("its kubeconfig has neither an unnamed cluster nor a current context")
	}
	if len(config.Clusters) != 1 {
		return nil, fmt.Errorf("its kubeconfig has %d clusters, and karmadactl wants exactly one", len(config.Clusters))
	}
	for _, cluster := range config.Clusters {
		return cluster, nil
	}
	return nil, nil // unreachable: there is one
}

// Pins returns the pins of every CA certificate that cluster-info carries; one match is enough for a joiner.
func (i *ClusterInfo) Pins() []join.Pin { return pins(i.Certificates) }

func pins(certificates []*x509.Certificate) []join.Pin {
	var out []join.Pin
	seen := map[join.Pin]bool{}
	for _, certificate := range certificates {
		if pin := join.PinOf(certificate); !seen[pin] {
			seen[pin] = true
			out = append(out, pin)
		}
	}
	return out
}

// A Signature is what cluster-info holds for a token.
type Signature int

// The kinds of signature.
const (
	Unsigned   Signature = iota // none for this token ID
	Mismatched                  // one that this token secret did not make of this kubeconfig: stale, or of another token
	Signed                      // a valid one
)

// Signature reports whether cluster-info is signed with a token, as a joiner checks it.
func (i *ClusterInfo) Signature(tok token.Token) Signature {
	signature, ok := i.Signatures[tok.ID]
	switch {
	case !ok || signature == "":
		return Unsigned
	case jws.DetachedTokenIsValid(signature, i.Kubeconfig, tok.ID, tok.Secret()):
		return Signed
	}
	return Mismatched
}
