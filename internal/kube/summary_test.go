// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// kubeconfigOf writes a kubeconfig with a cluster a, and one context and one user for each name.
func kubeconfigOf(t *testing.T, users map[string]*clientcmdapi.AuthInfo, change func(*clientcmdapi.Config)) *Kubeconfig {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["a"] = &clientcmdapi.Cluster{Server: "https://u:p@a.example.com:6443"}
	for name, user := range users {
		config.AuthInfos[name] = user
		config.Contexts[name] = &clientcmdapi.Context{Cluster: "a", AuthInfo: name, Namespace: "work"}
	}
	if change != nil {
		change(config)
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return load(t, LoadOptions{Path: path})
}

func TestASummaryNamesTheKindOfTheCredential(t *testing.T) {
	t.Parallel()
	plugin := &clientcmdapi.ExecConfig{APIVersion: "client.authentication.k8s.io/v1", Command: "aws", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
	for want, users := range map[string][]*clientcmdapi.AuthInfo{
		"":                   {{}, {Impersonate: "jane"}},
		"plugin aws":         {{Exec: plugin}},
		"auth provider oidc": {{AuthProvider: &clientcmdapi.AuthProviderConfig{Name: "oidc"}}},
		"token":              {{Token: "opaque"}, {TokenFile: "/f"}, {Token: "opaque", Username: "u"}},
		"password":           {{Username: "u", Password: "p"}, {Username: "u", ClientCertificate: "/f"}},
		"client certificate": {{ClientCertificate: "/f"}, {ClientCertificateData: []byte("x")}},
	} {
		for _, user := range users {
			k := kubeconfigOf(t, map[string]*clientcmdapi.AuthInfo{"u": user}, nil)
			got, err := k.Summary("u")
			if expected := (ContextSummary{"a", "https://xxxxx@a.example.com:6443", "work", "u", want}); err != nil || got != expected {
				t.Errorf("got %+v, %v, want %+v", got, err, expected)
			}
			if k.HasCredential("u") != (want != "") {
				t.Errorf("%s: it has a credential: %v", want, k.HasCredential("u"))
			}
			plugin := want
			switch want {
			case "plugin aws":
				plugin = "aws"
			case "auth provider oidc":
			default:
				plugin = ""
			}
			if got := k.Plugin("u"); got != plugin {
				t.Errorf("%s: its plugin is %q", want, got)
			}
		}
	}
}

func TestASummaryNamesWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	k := kubeconfigOf(t, map[string]*clientcmdapi.AuthInfo{"u": {Token: "opaque"}}, func(c *clientcmdapi.Config) {
		c.Contexts["no-user"] = &clientcmdapi.Context{Cluster: "a", AuthInfo: "gone"}
		c.Contexts["no-cluster"] = &clientcmdapi.Context{Cluster: "gone", AuthInfo: "u"}
		c.Contexts["anonymous"] = &clientcmdapi.Context{Cluster: "a"}
	})
	for context, want := range map[string]string{
		"no-user": `context "no-user": user "gone" does not exist`, "no-cluster": `context "no-cluster": cluster "gone" does not exist`,
		"anonymous": "", "u": "",
	} {
		_, err := k.Summary(context)
		if config := (*failure.ConfigError)(nil); want == "" && err != nil || want != "" && (!errors.As(err, &config) || err.Error() != want) {
			t.Errorf("%s: got %v", context, err)
		}
	}
	if got := k.Plugin("anonymous"); got != "" || k.HasCredential("anonymous") {
		t.Errorf("an anonymous user has plugin %q, and a credential: %v", got, k.HasCredential("anonymous"))
	}
}

func TestTheKeyOfACredentialIsThatOfEqualUsers(t *testing.T) {
	t.Parallel()
	plugin := func(info bool) *clientcmdapi.AuthInfo {
		return &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: "aws", ProvideClusterInfo: info, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
	}
	k := kubeconfigOf(t, map[string]*clientcmdapi.AuthInfo{
		"t1": {Token: "one"}, "t1-too": {Token: "one"}, "t2": {Token: "two"},
		"p": plugin(false), "p-too": plugin(false), "i": plugin(true), "i-too": plugin(true),
	}, func(c *clientcmdapi.Config) {
		c.Clusters["b"] = &clientcmdapi.Cluster{Server: "https://b:6443"}
		c.Contexts["p-too"].Cluster, c.Contexts["i-too"].Cluster = "b", "b"
		c.Contexts["none"], c.Contexts["none-too"] = &clientcmdapi.Context{Cluster: "a"}, &clientcmdapi.Context{Cluster: "b"}
		c.Contexts["gone"] = &clientcmdapi.Context{Cluster: "a", AuthInfo: "gone"}
		c.Contexts["lost"] = &clientcmdapi.Context{Cluster: "gone", AuthInfo: "i"}
	})
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"t1", "t1-too", true},
		{"t1", "t2", false},
		{"t1", "p", false},
		{"p", "p-too", true},
		{"p", "i", false},
		{"none", "none-too", true},
		{"none", "gone", false},
		{"none", "unknown", true},
		{"none", "t1", false},
		{"lost", "lost", true},
		{"lost", "t1", false},
	} {
		if got := k.CredentialKey(test.a) == k.CredentialKey(test.b); got != test.same {
			t.Errorf("%s and %s: the same key: %v", test.a, test.b, got)
		}
	}
}

func TestTheKeyOfAnEndpointIsThatOfEqualServers(t *testing.T) {
	t.Parallel()
	server := func(url string, more ...func(*clientcmdapi.Cluster)) *clientcmdapi.Cluster {
		cluster := &clientcmdapi.Cluster{Server: url}
		for _, change := range more {
			change(cluster)
		}
		return cluster
	}
	ca := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, []byte("CA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withCA := func(c *clientcmdapi.Cluster) { c.CertificateAuthorityData = []byte("CA\n\n") }
	withFile := func(c *clientcmdapi.Cluster) { c.CertificateAuthority = ca }
	withBoth := func(c *clientcmdapi.Cluster) { withCA(c); c.CertificateAuthority = "/missing" }
	missing := func(c *clientcmdapi.Cluster) { c.CertificateAuthority = "/missing" }
	k := kubeconfigOf(t, nil, func(c *clientcmdapi.Config) {
		c.Clusters = map[string]*clientcmdapi.Cluster{
			"plain": server("https://a"), "port": server("HTTPS://A:443/"), "http": server("http://a"), "http-port": server("http://a:80"),
			"other-port": server("https://a:6443"), "path": server("https://a/x"), "data": server("https://a", withCA), "file": server("https://a", withFile),
			"both": server("https://a", withBoth), "missing": server("https://a", missing), "no-url": server("a b"), "none": server(""),
		}
		for name := range c.Clusters {
			c.Contexts[name] = &clientcmdapi.Context{Cluster: name}
		}
		c.Contexts["gone"] = &clientcmdapi.Context{Cluster: "gone"}
	})
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"plain", "port", true},
		{"http", "http-port", true},
		{"plain", "http", false},
		{"plain", "other-port", false},
		{"plain", "path", false},
		{"data", "file", true},
		{"data", "both", true},
		{"plain", "data", false},
		{"plain", "missing", false},
		{"data", "missing", false},
	} {
		a, knownA := k.EndpointKey(test.a)
		b, knownB := k.EndpointKey(test.b)
		if !knownA || !knownB || (a == b) != test.same {
			t.Errorf("%s and %s: %+v, %v; %+v, %v", test.a, test.b, a, knownA, b, knownB)
		}
	}
	if key, _ := k.EndpointKey("missing"); key.CA != "/missing" {
		t.Errorf("a CA that cannot be read has the key %q", key.CA)
	}
	if key, _ := k.EndpointKey("no-url"); key.Server != "a b" {
		t.Errorf("what is no URL has the key %q", key.Server)
	}
	for _, context := range []string{"none", "gone"} {
		if key, known := k.EndpointKey(context); known {
			t.Errorf("%s: %+v", context, key)
		}
	}
}

func TestTheFileOfAContextIsNamed(t *testing.T) {
	t.Parallel()
	k := kubeconfigOf(t, map[string]*clientcmdapi.AuthInfo{"u": {}}, nil)
	if got := k.ContextFile("u"); filepath.Base(got) != "config" || !filepath.IsAbs(got) {
		t.Errorf("got %s", got)
	}
	if got := k.ContextFile("unknown"); got != "the kubeconfig" {
		t.Errorf("got %s", got)
	}
}
