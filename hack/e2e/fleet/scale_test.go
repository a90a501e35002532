// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestTenThousandContexts uses a kubeconfig with ten thousand servers, CAs and users.
func TestTenThousandContexts(t *testing.T) {
	const size = 10_000
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, generateKubeconfig(size), 0o600); err != nil {
		t.Fatal(err)
	}
	out := program.Run(t, path, "contexts", "--all-contexts", "-o", "name")
	if n := strings.Count(out.OK(t), "\n") + 1; n != size {
		t.Errorf("%d of %d contexts are shown", n, size)
	}
	t.Logf("contexts: %s", out.Elapsed)
	seen := 0
	for i := range 3 {
		shard := fmt.Sprintf("%d/100", i)
		out = program.Run(t, path, "token", "list", "--all-contexts", "--shard", shard, "-o", "json")
		failures := len(out.Document(t).Failures)
		seen += failures
		out.Expect(t, 1, "joinctl: error: Unreachable, ")
		if lines := strings.Count(out.Stderr, "\n"); lines > 3 {
			t.Errorf("stderr has %d lines", lines)
		}
		t.Logf("token list --shard %s: %s, %d targets", shard, out.Elapsed, failures)
	}
	if seen < 200 || seen > 400 {
		t.Errorf("3 of 100 shards of %d contexts have %d targets", size, seen)
	}
	complete := program.Run(t, path, "token", "list", "--all-contexts")
	complete.Expect(t, 1, fmt.Sprintf("Unreachable, %d of %d", size, size))
	if complete.Elapsed > 60*time.Second {
		t.Errorf("10,000 targets took %s: the work per target may depend on the number of targets", complete.Elapsed)
	}
	t.Logf("token list of all: %s", complete.Elapsed)
}

// generateKubeconfig returns a kubeconfig in the style of cloud tools with n contexts and closed ports.
func generateKubeconfig(n int) []byte {
	var clusters, contexts, users strings.Builder
	for i := range n {
		ca := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s\n%0900d\n", controlPlanes[0].CAData, i))
		fmt.Fprintf(&clusters, "- name: cluster-%05d\n  cluster:\n    server: https://127.%d.%d.1:1\n    certificate-authority-data: %s\n", i, i/200+1, i%200+1, ca)
		fmt.Fprintf(&contexts, "- name: cluster-%05d\n  context: {cluster: cluster-%05d, user: user-%05d}\n", i, i, i)
		fmt.Fprintf(&users, "- name: user-%05d\n  user:\n    token: token-of-%05d\n", i, i)
	}
	return []byte("apiVersion: v1\nkind: Config\nclusters:\n" + clusters.String() + "contexts:\n" + contexts.String() + "users:\n" + users.String())
}
