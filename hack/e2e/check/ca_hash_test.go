// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// TestCAHashPrintsThePinThatJoinersCompare reads the CA from every possible source.
func TestCAHashPrintsThePinThatJoinersCompare(t *testing.T) {
	pin := pinOf(t, sharedHub.CAData)
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, append(otherCA(t), sharedHub.CAData...), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"KUBECONFIG=" + sharedHub.Kubeconfig}
	for name, input := range map[string]struct {
		stdin string
		args  []string
	}{
		"context":           {"", nil},
		"cluster-info":      {"", []string{"--cluster-info"}},
		"endpoint":          {"", []string{"--endpoint", sharedHub.Host}},
		"file with two CAs": {"", []string{file}},
		"stdin":             {string(sharedHub.CAData), []string{"-"}},
		"with --server":     {"", []string{"--server", "https://" + sharedHub.Host, "--cluster-info"}},
	} {
		t.Run(name, func(t *testing.T) {
			names := run(t, input.stdin, env, append([]string{"ca-hash", "-o", "name"}, input.args...)...)
			lines := strings.Fields(names.stdout)
			if names.code != 0 || len(lines) == 0 || lines[len(lines)-1] != pin {
				t.Errorf("exit code %d, %q, want %s\n%s", names.code, lines, pin, names.stderr)
			}
			document := run(t, input.stdin, env, append([]string{"ca-hash", "-o", "json"}, input.args...)...)
			var doc struct {
				Items []struct {
					CACertHash, Subject, Expires string
					TTLSeconds                   int64
				}
			}
			if err := json.Unmarshal([]byte(document.stdout), &doc); err != nil {
				t.Fatal(err)
			}
			if last := doc.Items[len(doc.Items)-1]; last.CACertHash != pin || last.Subject != "CN=joinctl-e2e-ca" || last.Expires == "" || last.TTLSeconds <= 0 {
				t.Errorf("got %+v", last)
			}
		})
	}
}

// TestCAHashTrustsNoUnverifiedConnection expects an error and no pin from unverified servers and invalid files.
func TestCAHashTrustsNoUnverifiedConnection(t *testing.T) {
	env := []string{"KUBECONFIG=" + sharedHub.Kubeconfig}
	for name, input := range map[string]struct {
		args  []string
		code  int
		cause string
	}{
		"insecure":                   {[]string{"--insecure-skip-tls-verify", "--certificate-authority=", "--cluster-info"}, 2, "is not verified"},
		"address not in the SANs":    {[]string{"--endpoint", relay.Forward(t, "127.0.0.2:0", sharedHub.Host).Addr}, 1, "127.0.0.2"},
		"unknown CA":                 {[]string{"--endpoint", startTLSWithOtherCA(t, webPage(200))}, 1, "unknown authority"},
		"file without a certificate": {[]string{sharedHub.Kubeconfig}, 2, "is a kubeconfig and no PEM file"},
		"file and cluster-info":      {[]string{filepath.Join(sharedHub.Dir, "ca.crt"), "--cluster-info"}, 2, "go without files"},
		"missing file":               {[]string{"/nowhere/ca.crt"}, 1, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			out := run(t, "", env, append([]string{"ca-hash"}, input.args...)...)
			if out.code != input.code || !strings.Contains(out.stderr, input.cause) || strings.Contains(out.stdout, "sha256:") {
				t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
			}
		})
	}
}
