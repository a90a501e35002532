// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// kubeconfigWith writes and loads a kubeconfig with contexts of the given names.
func kubeconfigWith(t *testing.T, names ...string) *kube.Kubeconfig {
	t.Helper()
	config := clientcmdapi.NewConfig()
	for _, name := range names {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://cluster:6443"}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name}
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := kube.Load(kube.LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func include(t *testing.T, text string) []fleet.Pattern {
	t.Helper()
	pattern, err := fleet.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return []fleet.Pattern{pattern}
}

func TestAnUnknownContextGetsAHintWithSimilarNames(t *testing.T) {
	t.Parallel()
	kubeconfig := kubeconfigWith(t, "prod-a", "prod-b", "staging", "weird")
	for name, test := range map[string]struct {
		selection  fleet.Selection
		text, hint string
	}{
		"a name":          {fleet.Selection{Contexts: []string{"prod-a", "pord-b"}}, `"pord-b" does not exist`, `did you mean "prod-b"`},
		"one name":        {fleet.Selection{Contexts: []string{"Staging"}}, `"Staging" does not exist`, `did you mean "staging"?`},
		"a pattern":       {fleet.Selection{Include: include(t, "stagin-*")}, `no context matches "stagin-*"`, `did you mean "staging"?`},
		"a regexp":        {fleet.Selection{Include: include(t, "/^werid$/")}, `"/^werid$/"`, `did you mean`},
		"an exclusion":    {fleet.Selection{All: true, Exclude: include(t, "pord-a")}, `no context matches "pord-a"`, `did you mean "prod-a"`},
		"nothing like it": {fleet.Selection{Include: include(t, "zzzzzzzzzz")}, "no context matches", "--context"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fleet.Select(kubeconfig, test.selection)
			if err == nil || !strings.Contains(err.Error(), test.text) || !strings.Contains(hintFor(err), test.hint) {
				t.Errorf("got %v; hint: %s", err, hintFor(err))
			}
		})
	}
}

func TestSimilarContextsAreSuggestedNearestFirst(t *testing.T) {
	t.Parallel()
	var members []string
	for i := range 9 {
		members = append(members, fmt.Sprintf("member-%d", i))
	}
	for name, test := range map[string]struct {
		wanted string
		known  []string
		want   string
	}{
		"one letter is missing":        {"hb", []string{"hub", "spoke"}, `did you mean "hub"?`},
		"the nearest of many":          {"membr-5", members, `did you mean "member-5" or "member-0" or "member-1"?`},
		"a part of the name":           {"PROD", []string{"eu-prod-a", "dev"}, `did you mean "eu-prod-a"?`},
		"a name with a space":          {"od name", []string{"odd name", "odd"}, `did you mean "odd name"?`},
		"a short name is not any name": {"zz", []string{"ab", "cd"}, ""},
		"a pattern of wildcards":       {"", []string{"ab", "cd"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := suggest(&fleet.UnknownContextError{Name: test.wanted, Known: test.known}); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
