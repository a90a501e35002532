// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"os"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// editedKubeconfig writes a changed copy of the hub's kubeconfig and returns its path.
func (h *hub) editedKubeconfig(t testing.TB, change func(*clientcmdapi.Config, *clientcmdapi.Cluster)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(h.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	change(config, config.Clusters["hub"])
	path := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// readOptionalFile returns the content of a file, or "" if it does not exist.
func readOptionalFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}
