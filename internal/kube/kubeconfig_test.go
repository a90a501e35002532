// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

const (
	onlyCluster = `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "https://a:6443"}}]}`
	onlyUser    = `{apiVersion: v1, kind: Config, users: [{name: u, user: {token: t}}]}`
	onlyContext = `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}]}`
	complete    = `{apiVersion: v1, kind: Config, current-context: x,
contexts: [{name: x, context: {cluster: c, user: u}}],
users: [{name: u, user: {token: t}}],
clusters: [{name: c, cluster: {server: "https://a:6443", tls-server-name: inside}}]}`
)

// load loads a kubeconfig.
func load(t *testing.T, options LoadOptions) *Kubeconfig {
	t.Helper()
	kubeconfig, err := Load(options)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// loadConfig loads a kubeconfig and returns the connection of a context.
func loadConfig(t *testing.T, options LoadOptions, context string) *rest.Config {
	t.Helper()
	config, err := load(t, options).Config(context)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestLoadMergesTheFilesOfKUBECONFIG(t *testing.T) {
	dir := t.TempDir()
	files := []string{
		writeFile(t, dir, "cluster", onlyCluster), filepath.Join(dir, "missing"), writeFile(t, dir, "user", onlyUser), writeFile(t, dir, "context", onlyContext),
	}
	t.Setenv("KUBECONFIG", strings.Join(files, string(filepath.ListSeparator)))
	kubeconfig := load(t, LoadOptions{})
	if got := kubeconfig.CurrentContext(); got != "x" {
		t.Errorf("the current context is %q", got)
	}
	config, err := kubeconfig.Config("x")
	if err != nil || config.Host != "https://a:6443" || config.BearerToken != "t" {
		t.Errorf("the connection is %v, %v", config, err)
	}
}

func TestLoadPrefersTheExplicitPath(t *testing.T) {
	t.Setenv("KUBECONFIG", writeFile(t, t.TempDir(), "env", strings.ReplaceAll(complete, "a:6443", "b:6443")))
	if got := loadConfig(t, LoadOptions{Path: writeFile(t, t.TempDir(), "flag", complete)}, "x").Host; got != "https://a:6443" {
		t.Errorf("the connection is %s", got)
	}
}

func TestLoadWithoutAnyKubeconfigHasAHint(t *testing.T) {
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	home := clientcmd.RecommendedHomeFile
	clientcmd.RecommendedHomeFile = filepath.Join(t.TempDir(), "missing")
	t.Cleanup(func() { clientcmd.RecommendedHomeFile = home })
	_, err := Load(LoadOptions{})
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(config.Error(), "no kubeconfig") || !strings.Contains(config.Hint, "--kubeconfig") {
		t.Fatalf("got %v", err)
	}
	for _, path := range []string{"/etc/kubernetes/admin.conf", "/etc/karmada/karmada-apiserver.config"} {
		_, statErr := os.Stat(path)
		if named := strings.Contains(config.Hint, "--kubeconfig "+path); named != (statErr == nil) {
			t.Errorf("the hint is %q, and os.Stat of %s returns %v", config.Hint, path, statErr)
		}
	}
}

func TestTheHintNamesEachAdministratorsKubeconfigThatExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kubeadm, karmada := filepath.Join(dir, "admin.conf"), filepath.Join(dir, "karmada-apiserver.config")
	steps := []struct{ written, want string }{
		{"", ""},
		{karmada, ", for example --kubeconfig " + karmada},
		{kubeadm, ", for example --kubeconfig " + kubeadm + " or --kubeconfig " + karmada},
	}
	for _, step := range steps {
		if step.written != "" {
			if err := os.WriteFile(step.written, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := adminHintOf(kubeadm, karmada); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

func TestLoadNeedsNoKubeconfigIfFlagsNameTheServer(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	overrides := clientcmd.ConfigOverrides{
		ClusterInfo: clientcmdapi.Cluster{Server: "https://flag:6443"}, AuthInfo: clientcmdapi.AuthInfo{Token: "flag"},
	}
	kubeconfig := load(t, LoadOptions{Overrides: overrides})
	if got := kubeconfig.CurrentContext(); got != "" {
		t.Errorf("the current context is %q", got)
	}
	config, err := kubeconfig.Config("")
	if err != nil || config.Host != "https://flag:6443" || config.BearerToken != "flag" {
		t.Errorf("the connection is %v, %v", config, err)
	}
}

func TestLoadRefusesAnInvalidFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, path := range map[string]string{
		"missing":   filepath.Join(dir, "missing"),
		"empty":     writeFile(t, dir, "empty", ""),
		"bare":      writeFile(t, dir, "bare", "{apiVersion: v1, kind: Config}"),
		"broken":    writeFile(t, dir, "broken", "clusters: [}"),
		"other":     writeFile(t, dir, "other", "hello"),
		"directory": dir,
	} {
		_, err := Load(LoadOptions{Path: path})
		var config *failure.ConfigError
		if !errors.As(err, &config) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// kubeadm and karmadactl take the empty data for a certificate authority, and fail.
func TestACAFileIsRelativeToItsKubeconfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := otherCA(t)
	writeFile(t, dir, "ca.pem", string(ca))
	for name, settings := range map[string]string{
		"file":                "certificate-authority: ca.pem",
		"file and empty data": `certificate-authority-data: "", certificate-authority: ca.pem`,
	} {
		path := writeFile(t, dir, "config", strings.ReplaceAll(complete, "tls-server-name: inside", settings))
		if got := loadConfig(t, LoadOptions{Path: path}, "x"); string(got.CAData) != string(ca) {
			t.Errorf("%s: the certificate authority is %q", name, got.CAData)
		}
	}
}

func TestAMissingCAFileIsAConfigError(t *testing.T) {
	t.Parallel()
	path := writeFile(t, t.TempDir(), "config", strings.ReplaceAll(complete, "tls-server-name: inside", "certificate-authority: missing.pem"))
	kubeconfig := load(t, LoadOptions{Path: path})
	_, err := kubeconfig.Config("x")
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), "missing.pem") || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v", err)
	}
}

// kubeadm prints the address of the unnamed cluster, although it connects to the cluster of the context.
func TestAnUnnamedClusterIsIgnored(t *testing.T) {
	t.Parallel()
	path := writeFile(t, t.TempDir(), "config", strings.ReplaceAll(complete, "clusters: [", `clusters: [{name: "", cluster: {server: "https://unnamed:1"}}, `))
	if got := loadConfig(t, LoadOptions{Path: path}, "x").Host; got != "https://a:6443" {
		t.Errorf("the connection is %s", got)
	}
}

func TestConfigOfAMissingContextIsAConfigErrorWithItsName(t *testing.T) {
	t.Parallel()
	kubeconfig := load(t, LoadOptions{Path: writeFile(t, t.TempDir(), "config", complete)})
	_, err := kubeconfig.Config("typo")
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), `"typo"`) {
		t.Errorf("got %v", err)
	}
	if kubeconfig.HasContext("typo") || !kubeconfig.HasContext("x") || !reflect.DeepEqual(kubeconfig.Contexts(), []string{"x"}) {
		t.Errorf("the contexts are %q", kubeconfig.Contexts())
	}
}

func TestContextsReturnsAllNames(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(complete, "contexts: [", "contexts: [{name: z, context: {cluster: c}}, ")
	kubeconfig := load(t, LoadOptions{Path: writeFile(t, t.TempDir(), "config", text)})
	names := kubeconfig.Contexts()
	slices.Sort(names)
	if !reflect.DeepEqual(names, []string{"x", "z"}) || kubeconfig.CurrentContext() != "x" {
		t.Errorf("got %q, current context %q", names, kubeconfig.CurrentContext())
	}
}

func TestFlagsOverrideTheKubeconfig(t *testing.T) {
	t.Parallel()
	path := writeFile(t, t.TempDir(), "config", complete)
	for name, test := range map[string]struct {
		overrides clientcmd.ConfigOverrides
		check     func(*rest.Config) bool
	}{
		"none": {check: func(c *rest.Config) bool {
			return c.Host == "https://a:6443" && c.ServerName == "inside" && c.BearerToken == "t"
		}},
		"another server": {
			clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://b:1"}},
			func(c *rest.Config) bool { return c.Host == "https://b:1" && c.ServerName == "" },
		},
		"another server with a TLS server name": {
			clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://b:1", TLSServerName: "b"}},
			func(c *rest.Config) bool { return c.Host == "https://b:1" && c.ServerName == "b" },
		},
		"another token": {
			clientcmd.ConfigOverrides{AuthInfo: clientcmdapi.AuthInfo{Token: "mine"}},
			func(c *rest.Config) bool { return c.BearerToken == "mine" },
		},
		"impersonation": {
			clientcmd.ConfigOverrides{AuthInfo: clientcmdapi.AuthInfo{
				Impersonate: "jane", ImpersonateUID: "7", ImpersonateGroups: []string{"g"}, ImpersonateUserExtra: map[string][]string{"k": {"v"}},
			}},
			func(c *rest.Config) bool { return reflect.DeepEqual(c.Impersonate, jane()) },
		},
	} {
		config := loadConfig(t, LoadOptions{Path: path, Overrides: test.overrides, RequestTimeout: time.Minute}, "x")
		if !test.check(config) || config.Timeout != time.Minute {
			t.Errorf("%s: the connection is %#v", name, config)
		}
	}
}

func TestInClusterUsesTheServiceAccountOfThePod(t *testing.T) {
	t.Parallel()
	kubeconfig := &Kubeconfig{
		inCluster: &rest.Config{Host: "https://10.96.0.1:443", BearerToken: "pod", BearerTokenFile: "/var/run/token"},
		options:   LoadOptions{RequestTimeout: time.Minute},
	}
	if got := kubeconfig.CurrentContext(); got != "in-cluster" {
		t.Errorf("the current context is %q", got)
	}
	config, err := kubeconfig.Config(InCluster)
	if err != nil || config.Host != "https://10.96.0.1:443" || config.BearerToken != "pod" || config.BearerTokenFile == "" || config.Timeout != time.Minute {
		t.Errorf("the connection is %#v, %v", config, err)
	}
	kubeconfig.options.Overrides.AuthInfo = clientcmdapi.AuthInfo{
		Token: "mine", Impersonate: "jane", ImpersonateUID: "7", ImpersonateGroups: []string{"g"}, ImpersonateUserExtra: map[string][]string{"k": {"v"}},
	}
	config, err = kubeconfig.Config(InCluster)
	if err != nil || config.BearerToken != "mine" || config.BearerTokenFile != "" || !reflect.DeepEqual(config.Impersonate, jane()) {
		t.Errorf("with flags the connection is %#v, %v", config, err)
	}
	if kubeconfig.inCluster.BearerToken != "pod" {
		t.Error("Config changed the connection of the Pod")
	}
}

func jane() rest.ImpersonationConfig {
	return rest.ImpersonationConfig{UserName: "jane", UID: "7", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}}
}
