// SPDX-License-Identifier: Apache-2.0

// Package discovery is the member's side of a join: it reads cluster-info, checks its signature and CA as the joiners do, and
// replays a join step by step. The differences between joiners come from their descriptions in package join.
package discovery

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// Limits on the number of signatures in cluster-info. kube-apiserver accepts 1 MiB for all values of a ConfigMap
// (k8s.io/kubernetes/pkg/apis/core/validation), and a signature has 85 bytes: 12,300 fit, then the signer fails. Requests
// become too large earlier if the server keeps managedFields of the signatures.
const (
	MaxSignatures  = 12_300
	ManySignatures = 9_800 // worth a warning
)

// A ClusterInfo is the content of kube-public/cluster-info, which joiners read without a credential
// (kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens).
type ClusterInfo struct {
	Kubeconfig   string              // the exact bytes that are signed
	Signatures   map[string]string   // detached JWS signatures by token ID
	Server       string              // URL of the control plane; not every joiner uses it
	CA           []byte              // PEM
	Certificates []*x509.Certificate // CA, parsed; at least one
}

// Read reads cluster-info with a client, and checks that a joiner can use it. An error says why it cannot, with a hint. Its
// reason is Invalid if the content is wrong; otherwise it is that of the API.
func Read(ctx context.Context, c *kube.Client, joiner join.Joiner) (*ClusterInfo, error) {
	cm, err := c.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	if err != nil {
		return nil, &failure.Error{Err: fmt.Errorf("read cluster-info at %s: %w", c.Server().Host, err), Hint: readHint(err)}
	}
	info, err := parse(cm.Data, joiner)
	if err != nil {
		return nil, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("cluster-info at %s: %w", c.Server().Host, failure.Shorten(err))}
	}
	return info, nil
}

// ReadAny reads cluster-info for any joiner: each chooses the cluster in its own way. Its error is that of the default joiner.
func ReadAny(ctx context.Context, c *kube.Client) (info *ClusterInfo, err error) {
	for _, joiner := range slices.Backward(join.Joiners()) {
		if info, err = Read(ctx, c, joiner); failure.ReasonOf(err) != failure.Invalid {
			return info, err
		}
	}
	return info, err
}

func parse(data map[string]string, joiner join.Joiner) (*ClusterInfo, error) {
	info, err := parseLax(data, joiner)
	if err == nil && len(info.CA) == 0 {
		return nil, errors.New("its kubeconfig has no certificate authority data")
	}
	return info, err
}

// parseLax accepts cluster-info without a CA, as a joiner that is insecure without a pin does.
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
	cluster, err := joiner.Description().ChooseCluster(config)
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

// Pins returns the pins of all CA certificates in cluster-info, each once. A joiner accepts cluster-info if one matches.
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

// A Signature is the state of the signature in cluster-info for a token.
type Signature int

// The kinds of signature.
const (
	Unsigned   Signature = iota // there is none for this token ID
	Mismatched                  // it is not of this kubeconfig with this token: stale, or made with another token
	Signed                      // it is valid
)

// Signature checks the signature of a token as the joiners do.
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
