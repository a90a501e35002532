// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/kube"
)

// client-go takes "" for the current context: what is meant for a context without a name would go to that one.
func TestAContextWithoutANameIsRefusedAndItsFileNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	config := clientcmdapi.NewConfig()
	config.CurrentContext = "a"
	for _, name := range []string{"", "a"} {
		config.Clusters["c"+name] = &clientcmdapi.Cluster{Server: "https://c" + name}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: "c" + name}
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := kube.Load(kube.LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for name, selection := range map[string]Selection{
		"all":            {All: true},
		"a glob":         {Include: patterns(t, "*")},
		"exact":          {Contexts: []string{"", "a"}},
		"another is out": {All: true, Exclude: patterns(t, "a")},
	} {
		found, err := Select(kubeconfig, selection)
		if config := configError(t, err); found != nil || config.Error() != path+" has a context without a name, which cannot be used" || !strings.Contains(config.Hint, "--exclude-contexts '/^$/'") {
			t.Errorf("%s: got %q, %v; hint: %s", name, contexts(found), config, config.Hint)
		}
	}
	for name, selection := range map[string]Selection{
		"left out":    {All: true, Exclude: patterns(t, "/^$/")},
		"not matched": {Include: patterns(t, "a*")},
		"not given":   {Contexts: []string{""}},
		"nothing":     {},
	} {
		if found, err := Select(kubeconfig, selection); err != nil || len(found) != 1 || found[0].Context != "a" {
			t.Errorf("%s: got %q, %v", name, contexts(found), err)
		}
	}
}
