// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// client-go's errors for exec plugins have no type.
func TestReasonOfACredentialPluginFailure(t *testing.T) {
	t.Parallel()
	server, config := serveTLS(t, hang)
	dir := t.TempDir()
	writeFile(t, dir, "ca.pem", string(config.CAData))
	for name, script := range map[string]string{
		"exit status":   "exit 7",
		"no output":     "exit 0",
		"malformed":     "echo nonsense",
		"not installed": "",
		"no credential": `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := filepath.Join(t.TempDir(), "plugin")
			if script != "" {
				writeFile(t, filepath.Dir(command), "plugin", "#!/bin/sh\n"+script+"\n")
				if err := os.Chmod(command, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			path := writeFile(t, t.TempDir(), "config", fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: %q, certificate-authority: %q}}]
users:
- name: u
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: Never}}
`, server.URL, filepath.Join(dir, "ca.pem"), command))
			kubeconfig := load(t, LoadOptions{Path: path})
			config, err := kubeconfig.Config("c")
			if err != nil {
				t.Fatal(err)
			}
			err = createSecret(t, connect(t, config))
			if got := failure.ReasonOf(err); got != failure.CredentialPlugin {
				t.Errorf("%v: got %s", err, got)
			}
			if !failure.IsNotSent(err) {
				t.Errorf("%v: IsNotSent is false", err)
			}
		})
	}
}

// pluginConfig returns a connection with an exec plugin, which is a script; "" means that there is no such program.
func pluginConfig(t *testing.T, server, apiVersion, mode, script string) *rest.Config {
	t.Helper()
	command := filepath.Join(t.TempDir(), "plugin")
	if script != "" {
		writeFile(t, filepath.Dir(command), "plugin", script)
		if err := os.Chmod(command, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := writeFile(t, t.TempDir(), "config", fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: %q}}]
users:
- name: u
  user: {exec: {apiVersion: client.authentication.k8s.io/%s, command: %q, interactiveMode: %s}}
`, server, apiVersion, command, mode))
	return loadConfig(t, LoadOptions{Path: path}, "c")
}

func TestAPluginOfAnUnsupportedVersionIsNotRunAndTheHintSaysWhy(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	config := pluginConfig(t, "https://127.0.0.1:1", "v1alpha1", "Never", "#!/bin/sh\ntouch "+ran+"\n")
	_, newErr := New(config, "joinctl/test", time.Now)
	for _, err := range []error{Login(t.Context(), config), newErr} {
		var known *failure.ConfigError
		if !errors.As(err, &known) || !strings.Contains(known.Error(), `was not run: apiVersion "client.authentication.k8s.io/v1alpha1"`) ||
			!strings.Contains(known.Hint, "set users[].user.exec.apiVersion to client.authentication.k8s.io/v1,") {
			t.Errorf("got %#v", err)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the plugin ran")
	}
}

func TestTheHintNamesTheCauseOfAPluginThatFailed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ mode, script, hint string }{
		"another version":  {"Never", "#!/bin/sh\n" + `echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}'` + "\n", "to the version that the plugin returned"},
		"not installed":    {"Never", "", "cannot be started"},
		"no such program":  {"Never", "#!/does/not/exist\n", "cannot be started"},
		"it wants to ask":  {"Always", "#!/bin/sh\n", "asks on the terminal"},
		"it exits, and so": {"Never", "#!/bin/sh\nexit 7\n", ""},
	} {
		err := Login(t.Context(), pluginConfig(t, "https://127.0.0.1:1", "v1", test.mode, test.script))
		var known *failure.Error
		if !errors.As(err, &known) || known.Reason != failure.CredentialPlugin {
			t.Errorf("%s: got %#v", name, err)
			continue
		}
		if !strings.Contains(known.Hint, test.hint) || (test.hint == "") != (known.Hint == "") {
			t.Errorf("%s: %v has the hint %q, want %q", name, err, known.Hint, test.hint)
		}
	}
}

// writeFile writes a file and returns its path.
func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
