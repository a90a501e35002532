// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"os"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// WrittenMark begins a kubeconfig that joinctl wrote. kubectl drops comments when it changes a file.
const WrittenMark = "# joinctl: "

// KubeconfigFiles returns the kubeconfig files that Load reads, whether they exist or not.
func KubeconfigFiles(path string) []string {
	return loadingRules(path).GetLoadingPrecedence()
}

// References returns the files that the kubeconfig and the flags name: certificates, keys and tokens.
func (k *Kubeconfig) References() []string {
	overrides := k.options.Overrides
	files := []string{
		overrides.ClusterInfo.CertificateAuthority,
		overrides.AuthInfo.ClientCertificate, overrides.AuthInfo.ClientKey, overrides.AuthInfo.TokenFile,
	}
	for _, cluster := range k.raw.Clusters {
		files = append(files, cluster.CertificateAuthority)
	}
	for _, user := range k.raw.AuthInfos {
		files = append(files, user.ClientCertificate, user.ClientKey, user.TokenFile)
	}
	return files
}

// HasForeignContexts reports whether a file is a kubeconfig with contexts that joinctl did not write.
func HasForeignContexts(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	content, err := inputfile.Read(nil, path, inputfile.ListLimit)
	if err != nil || bytes.HasPrefix(content, []byte(WrittenMark)) {
		return false
	}
	config, err := clientcmd.Load(content)
	return err == nil && len(config.Contexts) > 0
}
