// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/failure"
)

// A Form is the form in which a consumer reads a credential.
type Form string

// The forms.
const (
	TokenForm      Form = "token"           // the token alone
	KubeconfigForm Form = "kubeconfig"      // a kubeconfig with the token
	KarmadaForm    Form = "karmada-cluster" // the Secret that spec.secretRef of a Karmada Cluster names
	ArgoCDForm     Form = "argocd-cluster"  // a cluster Secret of Argo CD
)

// Forms returns all forms.
func Forms() []Form { return []Form{TokenForm, KubeconfigForm, KarmadaForm, ArgoCDForm} }

// Keys of a Karmada cluster Secret (karmada pkg/apis/cluster/v1alpha1/types.go: SecretTokenKey, SecretCADataKey).
const (
	karmadaTokenKey = "token"
	karmadaCAKey    = "caBundle"
)

// The label of Argo CD's cluster Secrets, and their keys (argo-cd docs/operator-manual/declarative-setup.md, Clusters).
const (
	argoCDLabel      = "argocd.argoproj.io/secret-type"
	argoCDLabelValue = "cluster"
	argoCDNameKey    = "name"
	argoCDServerKey  = "server"
	argoCDConfigKey  = "config"
)

// An argoCDConfig is the value of the key config of a cluster Secret
// (argo-cd pkg/apis/application/v1alpha1/types.go: ClusterConfig).
type argoCDConfig struct {
	BearerToken        string    `json:"bearerToken,omitempty"`
	TLSClientConfig    argoCDTLS `json:"tlsClientConfig"`
	DisableCompression bool      `json:"disableCompression,omitempty"`
	ProxyURL           string    `json:"proxyUrl,omitempty"`
}

type argoCDTLS struct {
	Insecure   bool   `json:"insecure"`
	ServerName string `json:"serverName,omitempty"`
	CAData     []byte `json:"caData,omitempty"`
}

// DefaultKey returns the key under which a Secret holds a credential of this form, "" for a form with several keys.
func (f Form) DefaultKey() string {
	switch f {
	case TokenForm, KubeconfigForm:
		return string(f)
	}
	return ""
}

// Labels returns the labels by which a consumer finds a Secret of this form; nil: none.
func (f Form) Labels() map[string]string {
	if f == ArgoCDForm {
		return map[string]string{argoCDLabel: argoCDLabelValue}
	}
	return nil
}

// Data returns the data of a Secret with a token of this form. The key is for a form with one key.
func (f Form) Data(e Entry, tok Token, key string) (map[string][]byte, error) {
	switch f {
	case KubeconfigForm:
		kubeconfig := NewKubeconfig()
		if err := kubeconfig.AddToken(e, tok); err != nil {
			return nil, err
		}
		content, err := kubeconfig.Encode()
		return map[string][]byte{key: content}, err
	case KarmadaForm:
		return karmadaData(e, tok), nil
	case ArgoCDForm:
		return argoCDData(e, tok)
	}
	return map[string][]byte{key: []byte(tok.Reveal())}, nil
}

// Check returns why this form cannot describe how an Entry connects; nil: it can. The error is a *failure.ConfigError.
func (f Form) Check(e Entry) error {
	cluster := e.Source.Cluster
	switch {
	case f != KarmadaForm:
		return nil
	case cluster.TLSServerName != "":
		return &failure.ConfigError{
			Err:  errors.New("a Karmada Cluster has no TLS server name, and the context needs one"),
			Hint: "use a context whose server address is in the server's certificate",
		}
	case len(e.CA) == 0 && !cluster.InsecureSkipTLSVerify:
		return &failure.ConfigError{
			Err:  errors.New("the context names no certificate authority, and Karmada needs one"),
			Hint: "add certificate-authority-data to the context's cluster",
		}
	}
	return nil
}

func karmadaData(e Entry, tok Token) map[string][]byte {
	data := map[string][]byte{karmadaTokenKey: []byte(tok.Reveal())}
	if len(e.CA) > 0 {
		data[karmadaCAKey] = e.CA
	}
	return data
}

func argoCDData(e Entry, tok Token) (map[string][]byte, error) {
	cluster := e.Source.Cluster
	config := argoCDConfig{
		BearerToken:        tok.Reveal(),
		TLSClientConfig:    argoCDTLS{Insecure: cluster.InsecureSkipTLSVerify, ServerName: cluster.TLSServerName},
		DisableCompression: cluster.DisableCompression,
		ProxyURL:           cluster.ProxyURL,
	}
	if !cluster.InsecureSkipTLSVerify { // client-go refuses both
		config.TLSClientConfig.CAData = e.CA
	}
	content, err := json.Marshal(config) //nolint:gosec // the credential is what is published
	if err != nil {
		return nil, fmt.Errorf("encode the config of the cluster Secret: %w", err)
	}
	return map[string][]byte{argoCDNameKey: []byte(e.Context), argoCDServerKey: []byte(cluster.Server), argoCDConfigKey: content}, nil
}

// ClusterIn returns the name and the server's address of the cluster that the data of a Secret of this form is for; "" where
// it says neither.
func (f Form) ClusterIn(data func(key string) []byte) (name, server string) {
	if f != ArgoCDForm {
		return "", ""
	}
	return string(data(argoCDNameKey)), string(data(argoCDServerKey))
}

// TokenIn returns the token in the data of a Secret of this form, "" if there is none.
func (f Form) TokenIn(data func(key string) []byte, key string) string {
	switch f {
	case KubeconfigForm:
		config, err := clientcmd.Load(data(key))
		if err != nil || config.Contexts[config.CurrentContext] == nil {
			return ""
		}
		if user := config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo]; user != nil {
			return user.Token
		}
		return ""
	case KarmadaForm:
		return string(data(karmadaTokenKey))
	case ArgoCDForm:
		var config argoCDConfig
		_ = json.Unmarshal(data(argoCDConfigKey), &config) // what is no config has no token
		return config.BearerToken
	}
	return strings.TrimSpace(string(data(key)))
}
