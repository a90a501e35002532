// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// writeNamesFile writes the names of n clusters and a comment to a file. It returns the names and the path.
func writeNamesFile(t testing.TB, n int) (names []string, path string) {
	t.Helper()
	for i := range n {
		names = append(names, fmt.Sprintf("member-%d", i))
	}
	path = filepath.Join(t.TempDir(), "names")
	if err := os.WriteFile(path, []byte("# who joins\n"+strings.Join(names, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return names, path
}

// tokensByCluster returns the Secrets of all tokens, grouped by the cluster in their label.
func (h *hub) tokensByCluster(t testing.TB) map[string][]corev1.Secret {
	t.Helper()
	byCluster := map[string][]corev1.Secret{}
	for _, secret := range h.tokens(t) {
		name := secret.Labels["joinctl.io/for"]
		byCluster[name] = append(byCluster[name], secret)
	}
	return byCluster
}

func tokenOf(secret corev1.Secret) string {
	return string(secret.Data["token-id"]) + "." + string(secret.Data["token-secret"])
}

// TestFiveHundredClustersGetTheirOwnTokens checks that each token authenticates and that kubeadm's discovery accepts each
// command.
func TestFiveHundredClustersGetTheirOwnTokens(t *testing.T) {
	t.Parallel()
	const size = 500
	h := acquireHub(t)
	names, file := writeNamesFile(t, size)
	dir := filepath.Join(t.TempDir(), "commands")
	out := program.Run(t, h.Kubeconfig, "token", "create", "--for-file", file, "--print-register-command", "--out-dir", dir)
	if paths := strings.Split(out.OK(t), "\n"); len(paths) != size || paths[1] != filepath.Join(dir, "member-1.command") {
		t.Errorf("stdout has %d lines, the second is %q", len(paths), paths[1])
	}
	out.Expect(t, 0, "created 500 tokens in context hub", "one for each cluster")
	if out.Elapsed > 10*time.Second {
		t.Errorf("creating the tokens took %s", out.Elapsed)
	}
	t.Logf("%d tokens in %s", size, out.Elapsed)
	stored := h.tokensByCluster(t)
	var checks sync.WaitGroup
	next := make(chan string)
	for range 8 {
		checks.Go(func() {
			for name := range next {
				if err := h.checkCommandFile(t, name, dir, stored[name]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	for _, name := range names {
		next <- name
	}
	close(next)
	checks.Wait()
}

// checkCommandFile checks the mode and the command of a cluster's file, authenticates with its token, and runs kubeadm's
// discovery with it.
func (h *hub) checkCommandFile(t testing.TB, name, dir string, stored []corev1.Secret) error {
	path := filepath.Join(dir, name+".command")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := strings.TrimSuffix(string(content), "\n")
	switch {
	case info.Mode().Perm() != 0o600:
		return fmt.Errorf("the file has mode %v", info.Mode())
	case !strings.HasPrefix(line, "karmadactl register "+h.Host+" ") || !strings.HasSuffix(line, " --cluster-name "+name):
		return fmt.Errorf("the command is %q", line)
	case len(stored) != 1 || !strings.Contains(line, " --token "+tokenOf(stored[0])+" "):
		return fmt.Errorf("the command does not have the one stored token, %d are stored", len(stored))
	case stored[0].Labels["app.kubernetes.io/managed-by"] != "joinctl" || string(stored[0].Data["description"]) != "for "+name:
		return fmt.Errorf("the token has labels %v and description %q", stored[0].Labels, stored[0].Data["description"])
	}
	who, err := h.WhoAmI(t.Context(), tokenOf(stored[0]))
	if err != nil || who.Username != "system:bootstrap:"+string(stored[0].Data["token-id"]) {
		return fmt.Errorf("the token authenticates as %q: %w", who.Username, err)
	}
	return kubeadmDiscovers(t, line)
}

// TestRerunAfterAnInterruptCreatesOnlyMissingTokens stops runs after a random time, every fourth with SIGKILL, and runs
// the same command again.
func TestRerunAfterAnInterruptCreatesOnlyMissingTokens(t *testing.T) {
	t.Parallel()
	const size, rounds = 200, 30
	h := acquireHub(t)
	names, file := writeNamesFile(t, size)
	args := []string{"token", "create", "--for-file", file, "--skip-existing"}
	complete := program.Run(t, h.Kubeconfig, args...)
	complete.OK(t)
	partial := 0
	for round := range rounds {
		if err := h.deleteTokens(); err != nil {
			t.Fatal(err)
		}
		dir, runArgs := filepath.Join(t.TempDir(), "d"), args
		if round%2 == 1 {
			runArgs = append(slices.Clone(args), "--print-register-command", "--out-dir", dir)
		}
		signal := []os.Signal{os.Interrupt, os.Interrupt, syscall.SIGTERM, os.Kill}[round%4]
		first := program.RunAndSignal(t, program.Command(t, h.Kubeconfig, runArgs...), signal, rand.N(complete.Elapsed))
		if signal == os.Kill {
			time.Sleep(100 * time.Millisecond) // the server may still handle requests in flight
		}
		before := h.tokensByCluster(t)
		if n := len(before); n > 0 && n < size {
			partial++
		}
		if signal != os.Kill && round%2 == 0 {
			requirePrinted(t, before, first.Stdout)
		}
		program.Run(t, h.Kubeconfig, runArgs...).OK(t)
		after := h.tokensByCluster(t)
		if len(after) != size {
			t.Errorf("round %d: %d of %d clusters have a token", round, len(after), size)
		}
		for _, name := range names {
			switch {
			case len(after[name]) != 1:
				t.Errorf("round %d: %s has %d tokens", round, name, len(after[name]))
			case len(before[name]) == 1 && before[name][0].UID != after[name][0].UID:
				t.Errorf("round %d: the token of %s was replaced", round, name)
			case round%2 == 1:
				if err := checkStoredToken(filepath.Join(dir, name+".command"), after[name][0]); err != nil {
					t.Errorf("round %d: %s: %v", round, name, err)
				}
			}
		}
	}
	if partial < rounds/5 {
		t.Errorf("only %d of %d runs were interrupted between two tokens: choose other delays", partial, rounds)
	}
	t.Logf("%d of %d runs were interrupted between two tokens; a complete run takes %s", partial, rounds, complete.Elapsed)
}

// checkStoredToken returns an error if a file does not contain the stored token.
func checkStoredToken(path string, stored corev1.Secret) error {
	content, err := os.ReadFile(path)
	if err == nil && !strings.Contains(string(content), tokenOf(stored)) {
		err = errors.New("its file does not have the stored token")
	}
	return err
}

// requirePrinted fails the test for every stored token that stdout does not contain.
func requirePrinted(t testing.TB, stored map[string][]corev1.Secret, stdout string) {
	t.Helper()
	for name, secrets := range stored {
		for _, secret := range secrets {
			if !strings.Contains(stdout, tokenOf(secret)) {
				t.Errorf("the token for %s was never printed", name)
			}
		}
	}
}
