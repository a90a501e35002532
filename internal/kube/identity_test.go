// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"testing"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestFingerprintsDifferWhereTheServerSeesSomebodyElse(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	configs := []rest.Config{
		{Host: "http://a"},
		{Host: "http://b"},
		{Host: "http://a", BearerToken: "one"},
		{Host: "http://a", BearerToken: "two"},
		{Host: "http://a", Username: "one"},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one"}},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one", Groups: []string{"g"}}},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one", Extra: map[string][]string{"k": {"v"}}}},
		{Host: "http://a", ExecProvider: plugin("one")},
		{Host: "http://a", ExecProvider: plugin("two")},
	}
	for i, config := range configs {
		if earlier, ok := seen[fingerprint(t, config)]; ok {
			t.Errorf("%d is taken for %d", i, earlier)
		}
		seen[fingerprint(t, config)] = i
	}
	if fingerprint(t, rest.Config{Host: "http://a", Username: "one", Password: "x"}) != fingerprint(t, configs[4]) {
		t.Error("a password is part of it")
	}
}

func plugin(arg string) *clientcmdapi.ExecConfig {
	return &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "plugin", Args: []string{arg},
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}
}

func fingerprint(t *testing.T, config rest.Config) string {
	t.Helper()
	c, err := New(&config, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c.Fingerprint()
}
