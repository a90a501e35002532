// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestTheNamespaceOfAPodComesFromItsFile(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"work\n": "work", " \n": "default", "": "default"} {
		file := filepath.Join(t.TempDir(), "namespace")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := podNamespace(file); got != want {
			t.Errorf("%q: got %q", content, got)
		}
	}
	if got := podNamespace(filepath.Join(t.TempDir(), "missing")); got != "default" {
		t.Errorf("a missing file: got %q", got)
	}
}

func TestTheEntryOfAPodHasTheNamespaceOfTheFlag(t *testing.T) {
	t.Parallel()
	k := &Kubeconfig{inCluster: &rest.Config{Host: "https://10.0.0.1:443"}}
	k.options.Overrides.Context.Namespace = "flag"
	got, err := k.Entry("")
	if err != nil || got.Namespace != "flag" || got.ClusterName != InCluster || got.Cluster.Server != "https://10.0.0.1:443" || got.File != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnEntryHasTheFileThatDefinesAllOfItsParts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, other := filepath.Join(dir, "one"), filepath.Join(dir, "other")
	for _, path := range []string{one, other} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		context, cluster, user string // "": it does not exist
		want                   string
	}{
		"one file":              {one, one, one, one},
		"no user":               {one, one, "", one},
		"no context":            {"", one, one, ""},
		"no cluster":            {one, "", one, ""},
		"cluster of another":    {one, other, one, ""},
		"user of another":       {one, one, other, ""},
		"a file that is gone":   {filepath.Join(dir, "gone"), filepath.Join(dir, "gone"), "", ""},
		"a directory or a pipe": {dir, dir, dir, ""},
	} {
		k := &Kubeconfig{raw: *clientcmdapi.NewConfig()}
		if test.context != "" {
			k.raw.Contexts["c"] = &clientcmdapi.Context{Cluster: "k", AuthInfo: "u", LocationOfOrigin: test.context}
		}
		if test.cluster != "" {
			k.raw.Clusters["k"] = &clientcmdapi.Cluster{LocationOfOrigin: test.cluster}
		}
		if test.user != "" {
			k.raw.AuthInfos["u"] = &clientcmdapi.AuthInfo{LocationOfOrigin: test.user}
		}
		if got := k.singleFile("c"); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
