// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"cmp"
	"fmt"
	"time"

	execv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/kube"
)

// installHint is what client-go prints if joinctl is not installed.
const installHint = "this kubeconfig gets its credential from joinctl, which must be installed on this machine: https://github.com/joinctl/joinctl"

// writtenComment tells joinctl later that nothing is lost if it replaces the file.
const writtenComment = kube.WrittenMark + "written by joinctl sa kubeconfig, which replaces this file without --force.\n"

// A Kubeconfig is a kubeconfig for somebody else. It takes the endpoint of the server from the caller's own kubeconfig,
// and nothing else.
type Kubeconfig struct {
	config   *clientcmdapi.Config
	comments string
}

// NewKubeconfig returns an empty Kubeconfig.
func NewKubeconfig() *Kubeconfig { return &Kubeconfig{config: clientcmdapi.NewConfig()} }

// An Entry describes one context of a Kubeconfig, with its cluster and its user.
type Entry struct {
	Context string // name of the context
	User    string // name of the user
	Account Account
	Source  kube.ContextEntry // the endpoint of the server comes from here
	CA      []byte            // PEM; empty: the system roots
	Command string            // that AddPlugin has clients run; "": joinctl
}

// AddToken adds a context; its user has a token. A name that exists already is an error.
func (k *Kubeconfig) AddToken(e Entry, tok Token) error {
	if at := tok.Expires(); !at.IsZero() {
		k.comments += fmt.Sprintf("# joinctl: the token of serviceaccount %s in context %q expires at %s.\n", e.Account, e.Context, at.UTC().Format(time.RFC3339))
	}
	return k.add(e, &clientcmdapi.AuthInfo{Token: tok.Reveal()})
}

// AddPlugin adds a context; its user runs the Command with these arguments as an exec credential plugin. A name that exists
// already is an error.
func (k *Kubeconfig) AddPlugin(e Entry, args []string) error {
	return k.add(e, &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion:         execv1.SchemeGroupVersion.String(),
		Command:            cmp.Or(e.Command, "joinctl"),
		Args:               args,
		InstallHint:        installHint,
		ProvideClusterInfo: true,
		InteractiveMode:    clientcmdapi.NeverExecInteractiveMode,
	}})
}

func (k *Kubeconfig) add(e Entry, user *clientcmdapi.AuthInfo) error {
	if k.config.Contexts[e.Context] != nil || k.config.AuthInfos[e.User] != nil || k.config.Clusters[e.Source.ClusterName] != nil {
		return fmt.Errorf("context %q, user %q or cluster %q exists already", e.Context, e.User, e.Source.ClusterName)
	}
	k.config.Clusters[e.Source.ClusterName] = &clientcmdapi.Cluster{
		Server:                   e.Source.Cluster.Server,
		TLSServerName:            e.Source.Cluster.TLSServerName,
		InsecureSkipTLSVerify:    e.Source.Cluster.InsecureSkipTLSVerify,
		CertificateAuthorityData: e.CA,
		ProxyURL:                 e.Source.Cluster.ProxyURL,
		DisableCompression:       e.Source.Cluster.DisableCompression,
	}
	k.config.AuthInfos[e.User] = user
	k.config.Contexts[e.Context] = &clientcmdapi.Context{Cluster: e.Source.ClusterName, AuthInfo: e.User, Namespace: e.Account.Namespace}
	if k.config.CurrentContext == "" {
		k.config.CurrentContext = e.Context
	}
	return nil
}

// Encode returns the file: YAML, with a comment that joinctl wrote it, and one for each token that says when it expires.
func (k *Kubeconfig) Encode() ([]byte, error) {
	content, err := clientcmd.Write(*k.config)
	if err != nil {
		return nil, fmt.Errorf("encode the kubeconfig: %w", err)
	}
	return append([]byte(writtenComment+k.comments), content...), nil
}
