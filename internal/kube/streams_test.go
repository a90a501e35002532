// SPDX-License-Identifier: Apache-2.0

//go:build unix

package kube

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// pipe makes a named pipe in place of a file. A program writes the content to it, once; "" for none.
func pipe(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if content == "" {
		return
	}
	go func() {
		to, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = to.WriteString(content)
		}
		if err := errors.Join(err, to.Close()); err != nil {
			t.Error(err)
		}
	}()
}

// soon returns what is closed soon.
func soon() <-chan struct{} {
	stop := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() { close(stop) })
	return stop
}

// withFiles writes a kubeconfig whose context names files for everything.
func withFiles(t *testing.T, dir string) (path string) {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.CurrentContext = "hub"
	config.Contexts["hub"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "admin"}
	config.Clusters["hub"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1", CertificateAuthority: "ca"}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificate: "cert", ClientKey: "key", TokenFile: "token"}
	for _, name := range []string{"ca", "cert", "key", "token"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(dir, "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPipeThatAKubeconfigNamesIsReadOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := withFiles(t, dir)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca", "cert", "key", "token"} {
		pipe(t, filepath.Join(dir, name), "content of "+name)
	}
	pipe(t, path, string(content))
	k, err := Load(LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		key, ok := k.EndpointKey("hub")
		if entry, err := k.Entry("hub"); err != nil || entry.File != "" || !ok || key.CA != "content of ca" {
			t.Errorf("%+v, %+v, %v", key, entry, err)
		}
		config, err := k.Config("hub")
		if err != nil || string(config.CAData) != "content of ca" || string(config.CertData) != "content of cert" ||
			string(config.KeyData) != "content of key" || config.BearerToken != "content of token" || config.BearerTokenFile != "" {
			t.Fatalf("%+v, %v", config, err)
		}
	}
}

func TestAPipeThatNobodyWritesToFailsItsContext(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ca", "cert", "key", "token"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := withFiles(t, dir)
			pipe(t, filepath.Join(dir, name), "")
			k, err := Load(LoadOptions{Path: path, Stop: soon()})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = k.EndpointKey("hub")
			_, entryErr := k.Entry("hub")
			_, configErr := k.Config("hub")
			for _, err := range []error{entryErr, configErr} {
				if err == nil || !failure.IsConfig(err) || !strings.Contains(err.Error(), `context "hub": read `+filepath.Join(dir, name)+": interrupted") {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

func TestAFileThatAFlagNamesIsBoundedToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := withFiles(t, dir)
	for name, overrides := range map[string]clientcmd.ConfigOverrides{
		"ca":          {ClusterInfo: clientcmdapi.Cluster{CertificateAuthority: "/dev/zero"}},
		"certificate": {AuthInfo: clientcmdapi.AuthInfo{ClientCertificate: "/dev/zero"}},
		"key":         {AuthInfo: clientcmdapi.AuthInfo{ClientKey: "/dev/zero"}},
	} {
		k, err := Load(LoadOptions{Path: path, Overrides: overrides})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Config("hub"); err == nil || !strings.Contains(err.Error(), "/dev/zero has more than 1 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "token"), 5<<20); err != nil {
		t.Fatal(err)
	}
	k, err := Load(LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Config("hub"); err == nil || !strings.Contains(err.Error(), "token has more than 4 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

func TestAKubeconfigIsReadWithABound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	pipe(t, path, "")
	for path, want := range map[string]string{path: "read kubeconfig: read " + path + ": interrupted", "/dev/zero": "read kubeconfig: /dev/zero has more than 1 MiB"} {
		if _, err := Load(LoadOptions{Path: path, Stop: soon()}); err == nil || err.Error() != want || !failure.IsConfig(err) {
			t.Errorf("error %v, not %q", err, want)
		}
	}
}

// TestKubeconfigsAreMergedAsClientGoDoes compares with client-go.
func TestKubeconfigsAreMergedAsClientGoDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for i, content := range []string{
		"apiVersion: v1\nkind: Config\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: https://a, certificate-authority: ca}}]\n",
		"",
		"current-context: b\ncontexts: [{name: a, context: {cluster: b, namespace: team}}, {name: b, context: {cluster: b, user: a}}]\nusers: [{name: a, user: {tokenFile: sub/token}}]\n",
		"current-context: c\nclusters: [{name: a, cluster: {server: https://other}}, {name: b, cluster: {server: https://b}}]\nusers: [{name: a, user: {token: t}}]\n" +
			"extensions: [{name: e, extension: {k: v}}]\n",
	} {
		file := filepath.Join(dir, string(rune('0'+i)), "config")
		if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, precedence := range [][]string{files, {files[3], filepath.Join(dir, "missing"), files[2], "", files[0]}, {files[1]}, {files[0]}, nil} {
		rules := &clientcmd.ClientConfigLoadingRules{Precedence: precedence}
		want, err := rules.Load()
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := loadFiles(rules, nil)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n%+v\nnot\n%+v, %v", precedence, got, want, err)
		}
	}
}
