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

// namesFile writes the names of n clusters into a file, with a comment, and returns both.
func namesFile(t testing.TB, n int) (names []string, path string) {
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

// byCluster returns the stored tokens, by the clusters that they are for.
func (h *hub) byCluster(t testing.TB) map[string][]corev1.Secret {
	t.Helper()
	found := map[string][]corev1.Secret{}
	for _, secret := range h.tokens(t) {
		name := secret.Labels["joinctl.io/for"]
		found[name] = append(found[name], secret)
	}
	return found
}

func credential(secret corev1.Secret) string {
	return string(secret.Data["token-id"]) + "." + string(secret.Data["token-secret"])
}

// TestFiveHundredClustersJoinWithTokensOfTheirOwn: each token authenticates, and kubeadm's discovery takes each command.
func TestFiveHundredClustersJoinWithTokensOfTheirOwn(t *testing.T) {
	t.Parallel()
	const size = 500
	h := lease(t)
	names, file := namesFile(t, size)
	dir := filepath.Join(t.TempDir(), "commands")
	out := program.Run(t, h.Kubeconfig, "token", "create", "--for-file", file, "--print-register-command", "--out-dir", dir)
	if paths := strings.Split(out.OK(t), "\n"); len(paths) != size || paths[1] != filepath.Join(dir, "member-1.command") {
		t.Errorf("stdout has %d lines, the second is %q", len(paths), paths[1])
	}
	out.Wants(t, 0, "created 500 tokens in context hub", "one for each cluster")
	if out.Took > 10*time.Second {
		t.Errorf("it took %s", out.Took)
	}
	t.Logf("%d tokens in %s", size, out.Took)
	stored := h.byCluster(t)
	var tries sync.WaitGroup
	next := make(chan string)
	for range 8 {
		tries.Go(func() {
			for name := range next {
				if err := h.joinsAs(t, name, dir, stored[name]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	for _, name := range names {
		next <- name
	}
	close(next)
	tries.Wait()
}

// joinsAs tries the command in a cluster's file.
func (h *hub) joinsAs(t testing.TB, name, dir string, stored []corev1.Secret) error {
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
	case len(stored) != 1 || !strings.Contains(line, " --token "+credential(stored[0])+" "):
		return fmt.Errorf("the command has another token than the %d stored", len(stored))
	case stored[0].Labels["app.kubernetes.io/managed-by"] != "joinctl" || string(stored[0].Data["description"]) != "for "+name:
		return fmt.Errorf("the token is labelled %v and described %q", stored[0].Labels, stored[0].Data["description"])
	}
	who, err := h.WhoAmI(t.Context(), credential(stored[0]))
	if err != nil || who.Username != "system:bootstrap:"+string(stored[0].Data["token-id"]) {
		return fmt.Errorf("the token is that of %q: %w", who.Username, err)
	}
	return joins(t, line)
}

// TestAfterAnyInterruptTheSameCommandMakesOnlyWhatIsMissing stops runs at random, some of them without mercy, and runs
// each again.
func TestAfterAnyInterruptTheSameCommandMakesOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	const size, rounds = 200, 30
	h := lease(t)
	names, file := namesFile(t, size)
	args := []string{"token", "create", "--for-file", file, "--skip-existing"}
	whole := program.Run(t, h.Kubeconfig, args...)
	whole.OK(t)
	cut := 0
	for round := range rounds {
		if err := h.wipe(); err != nil {
			t.Fatal(err)
		}
		dir, way := filepath.Join(t.TempDir(), "d"), args
		if round%2 == 1 {
			way = append(slices.Clone(args), "--print-register-command", "--out-dir", dir)
		}
		signal := []os.Signal{os.Interrupt, os.Interrupt, syscall.SIGTERM, os.Kill}[round%4]
		first := program.Stop(t, program.Command(t, h.Kubeconfig, way...), signal, rand.N(whole.Took))
		if signal == os.Kill {
			time.Sleep(100 * time.Millisecond) // what was sent may still be carried out
		}
		before := h.byCluster(t)
		if n := len(before); n > 0 && n < size {
			cut++
		}
		if signal != os.Kill && round%2 == 0 {
			unprinted(t, before, first.Stdout)
		}
		program.Run(t, h.Kubeconfig, way...).OK(t)
		after := h.byCluster(t)
		if len(after) != size {
			t.Errorf("round %d: %d of %d clusters have a token", round, len(after), size)
		}
		for _, name := range names {
			switch {
			case len(after[name]) != 1:
				t.Errorf("round %d: %s has %d tokens", round, name, len(after[name]))
			case len(before[name]) == 1 && before[name][0].UID != after[name][0].UID:
				t.Errorf("round %d: %s has another token than before", round, name)
			case round%2 == 1:
				if err := holds(filepath.Join(dir, name+".command"), after[name][0]); err != nil {
					t.Errorf("round %d: %s: %v", round, name, err)
				}
			}
		}
	}
	if cut < rounds/5 {
		t.Errorf("only %d of %d runs were cut in the middle: the moments are badly chosen", cut, rounds)
	}
	t.Logf("%d of %d runs were cut in the middle; a whole run takes %s", cut, rounds, whole.Took)
}

// holds wants a file to have the token that is stored.
func holds(path string, stored corev1.Secret) error {
	content, err := os.ReadFile(path)
	if err == nil && !strings.Contains(string(content), credential(stored)) {
		err = errors.New("its file has another token than the stored one")
	}
	return err
}

// unprinted fails the test for every token that is stored and was not printed.
func unprinted(t testing.TB, stored map[string][]corev1.Secret, stdout string) {
	t.Helper()
	for name, secrets := range stored {
		for _, secret := range secrets {
			if !strings.Contains(stdout, credential(secret)) {
				t.Errorf("the token for %s was never printed", name)
			}
		}
	}
}
