// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/story"
)

const (
	userToken = "opaque-token-of-a-user"
	urlSecret = "hunter2hunter2"
	keyLine   = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
)

// twice returns a kubeconfig with two entries of one name in a list.
func twice(list, entry string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: Config, %s: [%s, %s]}", list, entry, entry)
}

func TestAnErrorAboutAFileHasOurOwnWordsAndNoCredential(t *testing.T) {
	t.Parallel()
	user := fmt.Sprintf("{name: u, user: {token: %s, password: %s, client-key-data: %s}}",
		userToken, urlSecret, base64.StdEncoding.EncodeToString([]byte(keyLine)))
	for name, test := range map[string]struct{ content, want string }{
		"two users":      {twice("users", user), `is ambiguous: two users are named "u"`},
		"two clusters":   {twice("clusters", `{name: c, cluster: {server: "https://u:`+urlSecret+`@h"}}`), `two clusters are named "c"`},
		"two contexts":   {twice("contexts", `{name: x, context: {user: u}}`), `two contexts are named "x"`},
		"two extensions": {twice("extensions", `{name: e, extension: {token: `+userToken+`}}`), "is no kubeconfig"},
		"alias":          {"users:\n- name: u\n  user:\n    token: *" + userToken + "\n", "is no valid YAML"},
		"broken YAML":    {"users:\n- name: u\n  user: {token: " + userToken + "\n", "is no valid YAML (at line "},
		"wrong type":     {"users:\n- name: u\n  user: {token: [" + userToken + "]}\n", "the type of users.user.token cannot be array"},
		"number":         {"users: 12345678901234\n", "the type of users cannot be number"},
		"no base64":      {"users:\n- name: u\n  user: {client-key-data: " + userToken + "!}\n", "is no base64"},
		"only a token":   {userToken, "is no kubeconfig"},
		"other version":  {"{apiVersion: " + userToken + ", kind: Config}", "needs apiVersion v1"},
		"other kind":     {"{apiVersion: v1, kind: " + userToken + "}", "needs apiVersion v1 and kind Config"},
	} {
		file := writeFile(t, t.TempDir(), "kubeconfig", test.content)
		_, err := Load(LoadOptions{Path: file})
		if !failure.IsConfig(err) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
			continue
		}
		for _, secret := range []string{userToken, urlSecret, keyLine, "12345678901234"} {
			if form := story.Leak(err.Error(), secret); form != "" {
				t.Errorf("%s: %v contains a credential as %s", name, err, form)
			}
		}
	}
}

func TestAnErrorAboutAnAddressHasOurOwnWordsAndNoCredential(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ server, proxy, want string }{
		{"https://u:" + urlSecret + "%zz@h", "", "server is no URL"},
		{"https://u:" + urlSecret + "/x@h", "", "server is no URL"},
		{"u:" + urlSecret + "@h:6443/path", "", "has a path and no scheme"},
		{"https://h", "http://u:" + urlSecret + "%ss@h", "proxy-url is no URL"},
		{"https://h", "http://u:" + urlSecret + "/x@h", "proxy-url is no URL"},
		{"https://h", "ftp://u:" + urlSecret + "@h", "proxy-url has to begin with http://"},
		{"https://h", "u:" + urlSecret + "@h", "proxy-url"},
	} {
		content := strings.Replace(complete, `"https://a:6443"`, fmt.Sprintf("%q, proxy-url: %q", test.server, test.proxy), 1)
		kubeconfig := load(t, LoadOptions{Path: writeFile(t, t.TempDir(), "kubeconfig", content)})
		config, err := kubeconfig.Config("x")
		if err == nil {
			_, err = New(config, "joinctl/test", nil)
		}
		if !failure.IsConfig(err) || !strings.Contains(err.Error(), test.want) || story.Leak(err.Error(), urlSecret) != "" {
			t.Errorf("%s, %s: got %v, want %q", test.server, test.proxy, err, test.want)
		}
		if summary, err := kubeconfig.Summary("x"); err != nil || strings.Contains(summary.Server, urlSecret) {
			t.Errorf("the summary is %+v, %v", summary, err)
		}
		if !slices.ContainsFunc(kubeconfig.Credentials(), func(s string) bool { return strings.HasPrefix(s, urlSecret) }) {
			t.Errorf("%s, %s: the credentials are %q", test.server, test.proxy, kubeconfig.Credentials())
		}
	}
}

func TestFlagsOverrideTheAddressesThatAreChecked(t *testing.T) {
	t.Parallel()
	content := strings.Replace(complete, "https://a:6443", "https://u:p%zz@a:6443", 1)
	overrides := clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://flag:6443"}}
	config := loadConfig(t, LoadOptions{Path: writeFile(t, t.TempDir(), "kubeconfig", content), Overrides: overrides}, "x")
	if config.Host != "https://flag:6443" {
		t.Errorf("got %s", config.Host)
	}
}

func TestCredentialsAreAllSecretsOfAKubeconfig(t *testing.T) {
	t.Parallel()
	user := &clientcmdapi.AuthInfo{
		Token: "t1", Username: "name", Password: "t2", ClientKeyData: []byte("t3"),
		AuthProvider: &clientcmdapi.AuthProviderConfig{Config: map[string]string{"refresh-token": "t4", "client-id": "public"}},
		Exec: &clientcmdapi.ExecConfig{
			Args: []string{"--client-secret=t5", "--client-id=public"},
			Env:  []clientcmdapi.ExecEnvVar{{Name: "AWS_SECRET_ACCESS_KEY", Value: "t6"}, {Name: "AWS_PROFILE", Value: "public"}},
		},
	}
	cluster := &clientcmdapi.Cluster{Server: "https://u:t7@h", ProxyURL: "http://t%389@h"}
	got := Credentials(cluster, user)
	slices.Sort(got)
	if want := []string{"t%389", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t89"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedactURLKeepsAllButUserAndPassword(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://h:6443/p":         "https://h:6443/p",
		"https://u:p@h:6443/p":     "https://xxxxx@h:6443/p",
		"https://secret@h":         "https://xxxxx@h",
		"https://u:p%zz@h":         "<not a URL>",
		"u:p@h:6443":               "<not a URL>",
		"h:6443":                   "h:6443",
		"":                         "",
		"https://[::1":             "https://[::1",
		"https://u:p/with/slash@h": "<not a URL>",
	} {
		if got := RedactURL(given); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}
