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

// TestCAHashIsWhatJoinersCompare asks for the pin everywhere that it can be had from.
func TestCAHashIsWhatJoinersCompare(t *testing.T) {
	pin := pinOf(t, shared.CAData)
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, append(foreignCA(t), shared.CAData...), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"KUBECONFIG=" + shared.Kubeconfig}
	for name, given := range map[string]struct {
		stdin string
		args  []string
	}{
		"context":               {"", nil},
		"cluster-info":          {"", []string{"--cluster-info"}},
		"endpoint":              {"", []string{"--endpoint", shared.Host}},
		"file with two":         {"", []string{file}},
		"the same, from stdin":  {string(shared.CAData), []string{"-"}},
		"with other flags also": {"", []string{"--server", "https://" + shared.Host, "--cluster-info"}},
	} {
		t.Run(name, func(t *testing.T) {
			names := run(t, given.stdin, env, append([]string{"ca-hash", "-o", "name"}, given.args...)...)
			lines := strings.Fields(names.stdout)
			if names.code != 0 || len(lines) == 0 || lines[len(lines)-1] != pin {
				t.Errorf("exit code %d, %q, want %s\n%s", names.code, lines, pin, names.stderr)
			}
			document := run(t, given.stdin, env, append([]string{"ca-hash", "-o", "json"}, given.args...)...)
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

// TestCAHashTrustsNoUnverifiedConnection refuses to take a pin from whoever answers.
func TestCAHashTrustsNoUnverifiedConnection(t *testing.T) {
	env := []string{"KUBECONFIG=" + shared.Kubeconfig}
	for name, given := range map[string]struct {
		args []string
		code int
		says string
	}{
		"insecure":                {[]string{"--insecure-skip-tls-verify", "--certificate-authority=", "--cluster-info"}, 2, "is not verified"},
		"address not in the SANs": {[]string{"--endpoint", relay.Forward(t, "127.0.0.2:0", shared.Host).Addr}, 1, "127.0.0.2"},
		"another authority":       {[]string{"--endpoint", strangerWith(t, page(200))}, 1, "unknown authority"},
		"file that is none":       {[]string{shared.Kubeconfig}, 1, "holds no PEM certificate"},
		"file and cluster-info":   {[]string{filepath.Join(shared.Dir, "ca.crt"), "--cluster-info"}, 2, "go without files"},
		"file that is not there":  {[]string{"/nowhere/ca.crt"}, 1, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			out := run(t, "", env, append([]string{"ca-hash"}, given.args...)...)
			if out.code != given.code || !strings.Contains(out.stderr, given.says) || strings.Contains(out.stdout, "sha256:") {
				t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
			}
		})
	}
}
