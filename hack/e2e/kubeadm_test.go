// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/discovery/token"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// kubeadmDiscovers runs kubeadm's own discovery with the arguments of a printed command.
func kubeadmDiscovers(t testing.TB, line string) error {
	t.Helper()
	words := shellSplit(t, line)
	cfg := &kubeadm.BootstrapTokenDiscovery{APIServerEndpoint: words[2]}
	for i, word := range words {
		switch word {
		case "--token":
			cfg.Token = words[i+1]
		case "--discovery-token-ca-cert-hash":
			cfg.CACertHashes = append(cfg.CACertHashes, strings.Split(words[i+1], ",")...)
		}
	}
	_, err := token.RetrieveValidatedConfigInfo(nil, &kubeadm.Discovery{BootstrapToken: cfg}, 20*time.Second)
	return err
}

// shellSplit splits a line into words with a real shell.
func shellSplit(t testing.TB, line string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestKubeadmAcceptsThePrintedCommand(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	for _, flag := range []string{"--print-register-command", "--print-join-command"} {
		line := program.Run(t, h.Kubeconfig, "token", "create", flag).OK(t)
		if err := kubeadmDiscovers(t, line); err != nil {
			t.Errorf("%s: kubeadm's discovery rejects the command: %v", flag, err)
		}
	}
	again := program.Run(t, h.Kubeconfig, "token", "command", "--joiner", "kubeadm", strings.TrimPrefix(h.tokens(t)[0].Name, "bootstrap-token-")).OK(t)
	if err := kubeadmDiscovers(t, again); err != nil {
		t.Errorf("token command: kubeadm's discovery rejects the command: %v", err)
	}
}

func TestKubeadmAndJoinctlListTheSameTokens(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	kubeadm := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), program.Binary("kubeadm"), append([]string{"token", "--kubeconfig", h.Kubeconfig}, args...)...)
		return program.Execute(t, cmd).OK(t)
	}
	fromJoinctl := program.Run(t, h.Kubeconfig, "token", "create").OK(t)
	fromKubeadm := kubeadm("create")
	for _, list := range []string{kubeadm("list"), program.Run(t, h.Kubeconfig, "token", "list", "--show-secrets").OK(t)} {
		for _, tok := range []string{fromJoinctl, fromKubeadm} {
			if !strings.Contains(list, tok) {
				t.Errorf("a token is missing from:\n%s", list)
			}
		}
	}
	kubeadm("delete", fromJoinctl)
	program.Run(t, h.Kubeconfig, "token", "delete", fromKubeadm).OK(t)
	if remaining := h.tokens(t); len(remaining) != 0 {
		t.Errorf("%d tokens remain", len(remaining))
	}
}
