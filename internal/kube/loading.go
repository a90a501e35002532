// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// loadFiles reads and merges the files of a kubeconfig by client-go's rules, each file once: a pipe has its content only
// once, and client-go would read it without bound. It also returns the files that add nothing.
func loadFiles(rules *clientcmd.ClientConfigLoadingRules, stop <-chan struct{}) (*clientcmdapi.Config, []AbsentFile, error) {
	if _, err := os.Stat(rules.ExplicitPath); rules.ExplicitPath != "" && err != nil {
		return nil, nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	merged := clientcmdapi.NewConfig()
	var absent []AbsentFile
	for _, path := range rules.GetLoadingPrecedence() {
		if path == "" {
			continue
		}
		content, err := inputfile.Read(stop, path, inputfile.ListLimit)
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != rules.ExplicitPath:
			absent = append(absent, AbsentFile{Path: path})
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("read kubeconfig: %w", err)
		case len(content) == 0:
			absent = append(absent, AbsentFile{Path: path, Exists: true})
			continue
		}
		config, err := clientcmd.Load(content)
		if err != nil { // its text would quote the content, which holds credentials
			return nil, nil, fmt.Errorf("read kubeconfig: %s %s", path, whyInvalid(content))
		}
		klog.V(6).InfoS("kubeconfig loaded", "file", path)
		setOrigin(config, path)
		mergeConfig(merged, config)
	}
	if err := clientcmd.ResolveLocalPaths(merged); err != nil {
		return nil, nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return merged, absent, nil
}

// setOrigin notes in all entries which file they come from, as client-go does.
func setOrigin(config *clientcmdapi.Config, path string) {
	for _, context := range config.Contexts {
		context.LocationOfOrigin = path
	}
	for _, cluster := range config.Clusters {
		cluster.LocationOfOrigin = path
	}
	for _, user := range config.AuthInfos {
		user.LocationOfOrigin = path
	}
}

// mergeConfig adds the entries of a later file to those of earlier ones: of two with the same name the first counts
// (k8s.io/client-go/tools/clientcmd/loader.go).
func mergeConfig(to, from *clientcmdapi.Config) {
	addMissing(to.Contexts, from.Contexts)
	addMissing(to.Clusters, from.Clusters)
	addMissing(to.AuthInfos, from.AuthInfos)
	addMissing(to.Extensions, from.Extensions)
	if to.CurrentContext == "" {
		to.CurrentContext = from.CurrentContext
	}
}

func addMissing[T any](to, from map[string]T) {
	for name, entry := range from {
		if _, ok := to[name]; !ok {
			to[name] = entry
		}
	}
}
