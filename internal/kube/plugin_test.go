// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

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

// writeFile writes a file and returns its path.
func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
