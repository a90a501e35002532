// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestEntryAppliesFlagsToTheContext(t *testing.T) {
	t.Parallel()
	path := writeFile(t, t.TempDir(), "kubeconfig", `{apiVersion: v1, kind: Config, current-context: x,
contexts: [{name: x, context: {cluster: c, user: u, namespace: ci}}, {name: bare, context: {cluster: c, user: u}}],
users: [{name: u, user: {token: t}}],
clusters: [{name: c, cluster: {server: "https://a:6443", proxy-url: "http://p"}}, {name: d, cluster: {server: "https://d:6443"}}]}`)
	for name, test := range map[string]struct {
		context   string
		overrides clientcmd.ConfigOverrides
		want      [4]string // namespace, cluster, server, proxy
	}{
		"no flags":     {"x", clientcmd.ConfigOverrides{}, [4]string{"ci", "c", "https://a:6443", "http://p"}},
		"no namespace": {"bare", clientcmd.ConfigOverrides{}, [4]string{"default", "c", "https://a:6443", "http://p"}},
		"-n":           {"x", clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: "other"}}, [4]string{"other", "c", "https://a:6443", "http://p"}},
		"--cluster":    {"x", clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Cluster: "d"}}, [4]string{"ci", "d", "https://d:6443", ""}},
		"--server":     {"x", clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://e"}}, [4]string{"ci", "c", "https://e", "http://p"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kubeconfig := load(t, LoadOptions{Path: path, Overrides: test.overrides})
			entry, err := kubeconfig.Entry(test.context)
			if err != nil {
				t.Fatal(err)
			}
			if got := [4]string{entry.Namespace, entry.ClusterName, entry.Cluster.Server, entry.Cluster.ProxyURL}; got != test.want || entry.File != path {
				t.Errorf("got %q of %s", got, entry.File)
			}
		})
	}
}

// This test sets KUBECONFIG and cannot be parallel.
func TestEntryHasNoFileIfSeveralFilesDefineIt(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, content := range map[string]string{"cluster": onlyCluster, "user": onlyUser, "context": onlyContext} {
		paths = append(paths, writeFile(t, dir, name, content))
	}
	t.Setenv("KUBECONFIG", strings.Join(paths, string(filepath.ListSeparator)))
	kubeconfig := load(t, LoadOptions{})
	if entry, err := kubeconfig.Entry("x"); err != nil || entry.File != "" || entry.Cluster.Server != "https://a:6443" {
		t.Errorf("got %+v, %v", entry, err)
	}
}
