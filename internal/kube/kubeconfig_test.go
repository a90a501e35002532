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
	whole       = `{apiVersion: v1, kind: Config, current-context: x,
contexts: [{name: x, context: {cluster: c, user: u}}],
users: [{name: u, user: {token: t}}],
clusters: [{name: c, cluster: {server: "https://a:6443", tls-server-name: inside}}]}`
)

// resolved loads a kubeconfig and returns how to connect to a context.
func resolved(t *testing.T, source LoadOptions, context string) *rest.Config {
	t.Helper()
	kubeconfig, err := Load(source)
	if err != nil {
		t.Fatal(err)
	}
	config, err := kubeconfig.Config(context)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestLoadMergesTheFilesOfKUBECONFIG(t *testing.T) {
	dir := t.TempDir()
	files := []string{
		write(t, dir, "cluster", onlyCluster), filepath.Join(dir, "missing"), write(t, dir, "user", onlyUser), write(t, dir, "context", onlyContext),
	}
	t.Setenv("KUBECONFIG", strings.Join(files, string(filepath.ListSeparator)))
	kubeconfig, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := kubeconfig.CurrentContext(); got != "x" {
		t.Errorf("the current context is %q", got)
	}
	config, err := kubeconfig.Config("x")
	if err != nil || config.Host != "https://a:6443" || config.BearerToken != "t" {
		t.Errorf("it connects to %v, %v", config, err)
	}
}

func TestLoadPrefersTheExplicitPath(t *testing.T) {
	t.Setenv("KUBECONFIG", write(t, t.TempDir(), "env", strings.ReplaceAll(whole, "a:6443", "b:6443")))
	if got := resolved(t, LoadOptions{Path: write(t, t.TempDir(), "flag", whole)}, "x").Host; got != "https://a:6443" {
		t.Errorf("it connects to %s", got)
	}
}

func TestLoadWithoutAnyKubeconfigSaysWhatToDo(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	_, err := Load(LoadOptions{})
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(config.Error(), "no kubeconfig") || !strings.Contains(config.Hint, "--kubeconfig") {
		t.Fatalf("got %v", err)
	}
	_, absent := os.Stat("/etc/kubernetes/admin.conf")
	if named := strings.Contains(config.Hint, "/etc/kubernetes/admin.conf"); named != (absent == nil) {
		t.Errorf("the hint is %q, and that the file is there is %v", config.Hint, absent == nil)
	}
}

func TestLoadNeedsNoKubeconfigWhereFlagsNameTheServer(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	overrides := clientcmd.ConfigOverrides{
		ClusterInfo: clientcmdapi.Cluster{Server: "https://flag:6443"}, AuthInfo: clientcmdapi.AuthInfo{Token: "of the flag"},
	}
	kubeconfig, err := Load(LoadOptions{Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	if got := kubeconfig.CurrentContext(); got != "" {
		t.Errorf("the current context is %q", got)
	}
	config, err := kubeconfig.Config("")
	if err != nil || config.Host != "https://flag:6443" || config.BearerToken != "of the flag" {
		t.Errorf("it connects to %v, %v", config, err)
	}
}

func TestLoadRefusesAFileThatSaysNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, path := range map[string]string{
		"missing": filepath.Join(dir, "missing"),
		"empty":   write(t, dir, "empty", ""),
		"bare":    write(t, dir, "bare", "{apiVersion: v1, kind: Config}"),
		"broken":  write(t, dir, "broken", "clusters: [}"),
		"another": write(t, dir, "another", "hello"),
		"folder":  dir,
	} {
		_, err := Load(LoadOptions{Path: path})
		var config *failure.ConfigError
		if !errors.As(err, &config) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestARelativeCAPathIsRelativeToItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := otherCA(t)
	write(t, dir, "ca.pem", string(ca))
	path := write(t, dir, "config", strings.ReplaceAll(whole, "tls-server-name: inside", "certificate-authority: ca.pem"))
	if got := resolved(t, LoadOptions{Path: path}, "x"); string(got.CAData) != string(ca) {
		t.Errorf("its authority is %q", got.CAData)
	}
}

// The peers take the empty data for a certificate authority, and fail.
func TestEmptyCADataBesideACAFileIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := otherCA(t)
	write(t, dir, "ca.pem", string(ca))
	path := write(t, dir, "config", strings.ReplaceAll(whole, "tls-server-name: inside", `certificate-authority-data: "", certificate-authority: ca.pem`))
	if got := resolved(t, LoadOptions{Path: path}, "x"); string(got.CAData) != string(ca) {
		t.Errorf("its authority is %q", got.CAData)
	}
}

func TestACAFileThatIsMissingIsAConfigError(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "config", strings.ReplaceAll(whole, "tls-server-name: inside", "certificate-authority: missing.pem"))
	kubeconfig, err := Load(LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	_, err = kubeconfig.Config("x")
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), "missing.pem") || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v", err)
	}
}

// kubeadm prints the unnamed one, although it talks to the other.
func TestAnUnnamedClusterDoesNotStandInForTheContexts(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "config", strings.ReplaceAll(whole, "clusters: [", `clusters: [{name: "", cluster: {server: "https://unnamed:1"}}, `))
	if got := resolved(t, LoadOptions{Path: path}, "x").Host; got != "https://a:6443" {
		t.Errorf("it connects to %s", got)
	}
}

func TestConfigOfAContextThatDoesNotExistIsAConfigErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	kubeconfig, err := Load(LoadOptions{Path: write(t, t.TempDir(), "config", whole)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = kubeconfig.Config("typo")
	var config *failure.ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), `"typo"`) {
		t.Errorf("got %v", err)
	}
	if kubeconfig.HasContext("typo") || !kubeconfig.HasContext("x") || !reflect.DeepEqual(kubeconfig.Contexts(), []string{"x"}) {
		t.Errorf("it has the contexts %q", kubeconfig.Contexts())
	}
}

func TestContextsNamesAllOfThem(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(whole, "contexts: [", "contexts: [{name: z, context: {cluster: c}}, ")
	kubeconfig, err := Load(LoadOptions{Path: write(t, t.TempDir(), "config", text)})
	if err != nil {
		t.Fatal(err)
	}
	names := kubeconfig.Contexts()
	slices.Sort(names)
	if !reflect.DeepEqual(names, []string{"x", "z"}) || kubeconfig.CurrentContext() != "x" {
		t.Errorf("got %q, of which %q is the current one", names, kubeconfig.CurrentContext())
	}
}

func TestFlagsGoBeforeTheKubeconfig(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "config", whole)
	for name, test := range map[string]struct {
		overrides clientcmd.ConfigOverrides
		check     func(*rest.Config) bool
	}{
		"none": {check: func(c *rest.Config) bool {
			return c.Host == "https://a:6443" && c.ServerName == "inside" && c.BearerToken == "t"
		}},
		"another server has another name": {
			clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://b:1"}},
			func(c *rest.Config) bool { return c.Host == "https://b:1" && c.ServerName == "" },
		},
		"another server with its name": {
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
		config := resolved(t, LoadOptions{Path: path, Overrides: test.overrides, RequestTimeout: time.Minute}, "x")
		if !test.check(config) || config.Timeout != time.Minute {
			t.Errorf("%s: it connects as %#v", name, config)
		}
	}
}

func TestInClusterIsTheConnectionOfThePod(t *testing.T) {
	t.Parallel()
	kubeconfig := &Kubeconfig{
		inCluster: &rest.Config{Host: "https://10.96.0.1:443", BearerToken: "of the pod", BearerTokenFile: "/var/run/token"},
		source:    LoadOptions{RequestTimeout: time.Minute},
	}
	if got := kubeconfig.CurrentContext(); got != "in-cluster" {
		t.Errorf("it is called %q", got)
	}
	config, err := kubeconfig.Config(InCluster)
	if err != nil || config.Host != "https://10.96.0.1:443" || config.BearerToken != "of the pod" || config.BearerTokenFile == "" || config.Timeout != time.Minute {
		t.Errorf("it connects as %#v, %v", config, err)
	}
	kubeconfig.source.Overrides.AuthInfo = clientcmdapi.AuthInfo{
		Token: "mine", Impersonate: "jane", ImpersonateUID: "7", ImpersonateGroups: []string{"g"}, ImpersonateUserExtra: map[string][]string{"k": {"v"}},
	}
	config, err = kubeconfig.Config(InCluster)
	if err != nil || config.BearerToken != "mine" || config.BearerTokenFile != "" || !reflect.DeepEqual(config.Impersonate, jane()) {
		t.Errorf("with flags it connects as %#v, %v", config, err)
	}
	if kubeconfig.inCluster.BearerToken != "of the pod" {
		t.Error("the pod's own connection was changed")
	}
}

func jane() rest.ImpersonationConfig {
	return rest.ImpersonationConfig{UserName: "jane", UID: "7", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}}
}
