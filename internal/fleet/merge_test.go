// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/kube"
)

// loadUsers writes and loads a kubeconfig with a context for each user, all with one address. Users that are nil do not exist.
func loadUsers(t *testing.T, current string, users map[string]*clientcmdapi.AuthInfo, change func(*clientcmdapi.Config)) *kube.Kubeconfig {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.CurrentContext = current
	for name, user := range users {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://proxy:443", InsecureSkipTLSVerify: true}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		if user != nil {
			config.AuthInfos[name] = user
		}
	}
	if change != nil {
		change(config)
	}
	return loadConfig(t, config, clientcmd.ConfigOverrides{})
}

func TestContextsOfOneAddressWithDifferentCredentialsAreNotMergedWithoutAProof(t *testing.T) {
	t.Parallel()
	token := func(text string) *clientcmdapi.AuthInfo { return &clientcmdapi.AuthInfo{Token: text} }
	plugin := func(clusterInfo bool, args ...string) *clientcmdapi.AuthInfo {
		return &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: "login", Args: args, InteractiveMode: "Never", ProvideClusterInfo: clusterInfo,
		}}
	}
	tenants := func(c *clientcmdapi.Config) {
		for name, cluster := range c.Clusters {
			tenant := &runtime.Unknown{Raw: []byte(`{"tenant":"` + name + `"}`), ContentType: runtime.ContentTypeJSON}
			cluster.Extensions = map[string]runtime.Object{"client.authentication.k8s.io/exec": tenant}
		}
	}
	for name, test := range map[string]struct {
		a, b   *clientcmdapi.AuthInfo
		change func(*clientcmdapi.Config)
		want   []string
	}{
		"tokens":                       {token("1"), token("2"), nil, []string{"a", "b"}},
		"the same token":               {token("1"), token("1"), nil, []string{"a"}},
		"a token and a password":       {token("1"), &clientcmdapi.AuthInfo{Username: "u", Password: "1"}, nil, []string{"a", "b"}},
		"somebody who is impersonated": {token("1"), &clientcmdapi.AuthInfo{Token: "1", Impersonate: "u"}, nil, []string{"a", "b"}},
		"arguments of a plugin":        {plugin(false, "1"), plugin(false, "2"), nil, []string{"a", "b"}},
		"the same plugin":              {plugin(false, "1"), plugin(false, "1"), tenants, []string{"a"}},
		"a plugin that sees clusters":  {plugin(true, "1"), plugin(true, "1"), tenants, []string{"a", "b"}},
		"no user and a token":          {&clientcmdapi.AuthInfo{}, token("1"), nil, []string{"a", "b"}},
		"users that do not exist":      {nil, nil, nil, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(loadUsers(t, "", map[string]*clientcmdapi.AuthInfo{"a": test.a, "b": test.b}, test.change), Selection{All: true})
			if err != nil || !reflect.DeepEqual(contexts(found), test.want) {
				t.Errorf("got %q, %v, want %q", contexts(found), err, test.want)
			}
			if unproved := Unproved(found); len(test.want) > 1 != (len(unproved) > 0) {
				t.Errorf("unproved: %q", contexts(unproved))
			}
		})
	}
}

func TestOfProvedEqualsTheExactTheCurrentAndTheOneWithACredentialArePreferredInThisOrder(t *testing.T) {
	t.Parallel()
	users := map[string]*clientcmdapi.AuthInfo{"a": {}, "b": {Token: "b"}, "c": {Token: "c"}, "d": {Token: "d"}}
	equal := map[string]string{"a": "x", "b": "x", "c": "x", "d": "x"}
	for name, test := range map[string]struct {
		current   string
		selection Selection
		proofs    map[string]string
		want      []string
	}{
		"the one with a credential": {"", Selection{All: true}, equal, []string{"b"}},
		"the current one":           {"c", Selection{All: true}, equal, []string{"c"}},
		"the exact one":             {"c", Selection{All: true, Contexts: []string{"d"}}, equal, []string{"d"}},
		"all exact ones":            {"c", Selection{All: true, Contexts: []string{"d", "a"}}, equal, []string{"a", "d"}},
		"only exact ones":           {"", Selection{Contexts: []string{"a", "b"}}, equal, []string{"a", "b"}},
		"without a proof":           {"", Selection{All: true}, nil, []string{"a", "b", "c", "d"}},
		"with a proof for some":     {"", Selection{All: true}, map[string]string{"a": "x", "c": "x", "d": "y"}, []string{"b", "c", "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(loadUsers(t, test.current, users, nil), test.selection)
			if err != nil {
				t.Fatal(err)
			}
			merged := Merge(found, test.proofs)
			if !reflect.DeepEqual(contexts(merged), test.want) {
				t.Errorf("got %q, want %q", contexts(merged), test.want)
			}
			count := len(merged)
			for _, target := range merged {
				count += len(target.Duplicates())
			}
			if count != len(found) {
				t.Errorf("%d contexts of %d are left", count, len(found))
			}
		})
	}
	exact, err := Select(loadUsers(t, "", users, nil), Selection{Contexts: []string{"a", "b"}})
	if err != nil || len(Unproved(exact)) > 0 {
		t.Errorf("exact contexts need a proof: %q, %v", contexts(Unproved(exact)), err)
	}
}

// Shards of one job can run with different current contexts, and each sees its own part only.
func TestContextsOfOneAddressAreInOneShard(t *testing.T) {
	t.Parallel()
	users := map[string]*clientcmdapi.AuthInfo{"a": {Token: "a"}, "b": {Token: "b"}, "c": {Token: "c"}, "d": {Token: "d"}}
	for i := range uint64(5) {
		found, err := Select(loadUsers(t, []string{"", "a", "b", "c", "d"}[i], users, nil), Selection{All: true, Shard: Shard{i, 5}})
		if err != nil {
			t.Fatal(err)
		}
		if here := (Shard{i, 5}).contains("a"); here != (len(found) == 4) || !here && len(found) > 0 {
			t.Errorf("shard %d has %q", i, contexts(found))
		}
	}
}
