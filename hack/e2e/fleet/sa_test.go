// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestOneKubeconfigHasEveryTarget checks that every context works and keeps its name.
func TestOneKubeconfigHasEveryTarget(t *testing.T) {
	path := mixedFleet(t).write()
	out := filepath.Join(t.TempDir(), "fleet")
	args := []string{"sa", "kubeconfig", "default", "--request-timeout", "1s", "--out", out}
	program.Run(t, path, append(args, "--contexts", "live/*")...).OK(t)
	merged, err := clientcmd.LoadFromFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(merged.Contexts)); !slices.Equal(names, []string{"live/a", "live/b", "live/c"}) {
		t.Fatalf("the kubeconfig has contexts %q", names)
	}
	for name := range merged.Contexts {
		config, err := clientcmd.NewNonInteractiveClientConfig(*merged, name, nil, nil).ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Secrets(metav1.NamespaceDefault).List(t.Context(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "system:serviceaccount:default:default") {
			t.Errorf("%s: the user is not the ServiceAccount: %v", name, err)
		}
	}
	complete, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	program.Run(t, path, append(args, "--contexts", "live/*", "--context", "refuses")...).Expect(t, 3, "is left as it was: --allow-partial", "Unreachable, 1 of 4")
	if now, err := os.ReadFile(out); err != nil || string(now) != string(complete) {
		t.Errorf("an existing kubeconfig was replaced by a partial one: %v", err)
	}
	program.Run(t, path, append(args, "--contexts", "live/[ab]", "--allow-partial")...).Expect(t, 2)
	program.Run(t, path, append(args, "--contexts", "/^live.[ab]$/", "--context", "refuses", "--allow-partial")...).Expect(t, 3)
	if merged, err := clientcmd.LoadFromFile(out); err != nil || len(merged.Contexts) != 2 {
		t.Errorf("the partial kubeconfig was not written: %v", err)
	}
}

// TestRevocableFleetTokensAreListedAndRevoked revokes tokens by the names in the list, which include the context.
func TestRevocableFleetTokensAreListedAndRevoked(t *testing.T) {
	defer func() {
		for _, p := range controlPlanes {
			_ = p.client.CoreV1().Secrets(metav1.NamespaceDefault).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
		}
	}()
	path := newKubeconfig(t).addLive(3).write()
	table := program.Run(t, path, "sa", "token", "default", "--revocable", "--all-contexts").OK(t)
	if lines := strings.Split(table, "\n"); len(lines) != 4 || strings.Join(strings.Fields(lines[0]), " ") != "CONTEXT TOKEN" {
		t.Errorf("printed %q", table)
	}
	names := strings.Fields(program.Run(t, path, "sa", "list", "--all-contexts", "-o", "name").OK(t))
	if len(names) != 3 || !strings.HasPrefix(names[0], "live-000/default-token-") {
		t.Fatalf("listed %q", names)
	}
	program.Run(t, path, "sa", "revoke", names[0]).OK(t)
	_, bare, _ := strings.Cut(names[1], "/")
	if got := program.Run(t, path, "sa", "revoke", bare, "--all-contexts").OK(t); !strings.Contains(got, names[1]) {
		t.Errorf("printed %q", got)
	}
	program.Run(t, path, "sa", "revoke", bare, "--all-contexts").Expect(t, 1, "NotFound, 1 of 1")
	program.Run(t, path, "sa", "revoke", bare, "--all-contexts", "--everywhere").OK(t)
	if remaining := program.Run(t, path, "sa", "list", "--all-contexts", "-o", "name").OK(t); remaining != names[2] {
		t.Errorf("the list still has %q", remaining)
	}
}
