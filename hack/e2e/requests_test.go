// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
	"github.com/joinctl/joinctl/internal/story"
)

// TestCreateSendsTwoRequestsOverOneConnection expects one request for the server's clock and for whether it serves Karmada's API, and
// one that creates the token.
func TestCreateSendsTwoRequestsOverOneConnection(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	requests := func(args ...string) []string {
		out := program.Run(t, h.Kubeconfig, append([]string{"token", "create", "-v=6"}, args...)...)
		out.OK(t)
		return regexp.MustCompile(`verb="\w+" url="https://[^/]*/[^"]*"`).FindAllString(out.Stderr, -1)
	}
	if got := requests(); len(got) != 2 || !strings.Contains(got[0], "/apis/cluster.karmada.io?") || !strings.Contains(got[1], `verb="POST"`) {
		t.Errorf("create sent %q", got)
	}
	if got := requests("--ttl", "0"); len(got) != 1 || !strings.Contains(got[0], `verb="POST"`) {
		t.Errorf("with --ttl 0 create sent %q", got)
	}
	counted := relay.Forward(t, "127.0.0.1:0", h.Host)
	program.Run(t, h.Kubeconfig, "token", "create", "--server", "https://"+counted.Addr).OK(t)
	if n := counted.Connections.Load(); n != 1 {
		t.Errorf("create opened %d connections", n)
	}
}

// TestNoSecretIsLoggedAtAnyLevel runs every token command at every level that logs requests, and searches all output for the
// secret.
func TestNoSecretIsLoggedAtAnyLevel(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	const id, secret = "leak00", "s3cr3ts3cr3ts3cr"
	h.createTokenSecret(t, "bootstrap-token-leak01", map[string]string{"token-id": "leak01", "token-secret": "n0n0n0n0", "expiration": "soon"})
	for _, level := range []string{"-v=6", "-v=8", "-v=9", "-v=10"} {
		commands := []struct {
			args    []string
			reveals bool // on stdout, because the operator asked for it
		}{
			{[]string{"create", id + "." + secret}, true},
			{[]string{"create", id + "." + secret, "--description", "another"}, false},
			{[]string{"create", id + "." + secret, "--dry-run=server"}, false},
			{[]string{"create", id + "." + secret, "--dry-run=client"}, false},
			{[]string{"create", id + "." + secret + "X"}, false},
			{[]string{"list"}, false},
			{[]string{"list", "-o", "json"}, false},
			{[]string{"list", "-o", "wide"}, false},
			{[]string{"list", "--show-secrets"}, true},
			{[]string{"command", id}, true},
			{[]string{"command", id + "." + secret, "--joiner", "kubeadm"}, true},
			{[]string{"list", "--as", "nobody"}, false},
			{[]string{"delete", id + "." + secret, "--dry-run=server"}, false},
			{[]string{"delete", id + "." + secret}, false},
			{[]string{"delete", id + "." + secret}, false},
			{[]string{"create", id + "." + secret, "--print-register-command"}, true},
			{[]string{"delete", id}, false},
		}
		for _, command := range commands {
			log := t.TempDir() + "/log"
			for _, more := range [][]string{{level}, {level, "--logtostderr=false", "--log-file=" + log}} {
				out := program.Run(t, h.Kubeconfig, append(append([]string{"token"}, command.args...), more...)...)
				texts := map[string]string{"stderr": out.Stderr, "the log file": readOptionalFile(t, log)}
				if !command.reveals {
					texts["stdout"] = out.Stdout
				}
				for output, text := range texts {
					if form := story.Leak(text, secret); form != "" {
						t.Errorf("token %v %v: the secret is on %s as %s", command.args, more, output, form)
					}
				}
				if strings.Contains(out.Stderr+out.Stdout, "n0n0n0n0") && !command.reveals {
					t.Errorf("token %v: a malformed secret is shown", command.args)
				}
			}
		}
	}
}
