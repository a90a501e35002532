// SPDX-License-Identifier: Apache-2.0

//go:build system && linux

package system

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// noise is what the credential plugin of the tests writes wherever it can.
const noise = "PLUGIN-NOISE"

// world returns a folder with a control plane's kubeconfig, whose credential comes from a plugin that writes to stderr and to
// the terminal, and the environment for a shell there.
func world(t *testing.T, server *apitest.Server) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	plugin, kubeconfig := filepath.Join(dir, "plugin"), filepath.Join(dir, "config")
	config, err := clientcmd.LoadFromFile(apitest.Kubeconfig(t, map[string]*apitest.Server{"arn:aws:eks:eu:1:cluster/hub": server}))
	if err != nil {
		t.Fatal(err)
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: plugin, InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
		}}
	}
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`#!/bin/sh
echo %[1]s >&2
(echo %[1]s >/dev/tty) 2>/dev/null
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":%[2]q}}'
`, noise, apitest.AdminToken)
	for path, content := range map[string]string{plugin: script, filepath.Join(dir, "some-file.crt"): ""} {
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Dir(joinctl(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	return dir, []string{"HOME=" + dir, "PATH=" + path, "KUBECONFIG=" + kubeconfig, "TERM=xterm", "LANG=C.UTF-8", "fish_history="}
}

func TestCompletionInRealShells(t *testing.T) {
	for name, shell := range map[string]struct {
		args  []string
		setUp string
	}{
		"bash": {[]string{"--noprofile", "--norc", "-i"}, "source /usr/share/bash-completion/bash_completion; source <(joinctl completion bash)"},
		"zsh":  {[]string{"-f", "-i"}, "autoload -Uz compinit && compinit -u -D && source <(joinctl completion zsh)"},
		"fish": {[]string{"--no-config", "--interactive"}, "joinctl completion fish | source"},
	} {
		t.Run(name, func(t *testing.T) {
			server := apitest.New(t)
			for _, text := range []string{"abcdef.0123456789abcdef", "bbbbbb.0123456789abcdef"} {
				tok, err := token.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				server.Put(token.Encode(tok, token.Spec{For: "member-" + tok.ID, Usages: []string{token.Signing, token.Authentication}}))
			}
			dir, env := world(t, server)
			s := startShell(t, dir, env, name, shell.args...)
			s.send(shell.setUp + "; echo re''ady\r")
			s.expect("ready")

			all := s.complete("joinctl token delete ", 2, "abcdef", "bbbbbb", "never expires", "for member-abcdef")
			all += s.complete("joinctl token list --context arn:a", 1, "aws:eks:eu:1:cluster/hub")
			all += s.complete("joinctl sa kubeconfig --embed ", 2, "token", "exec")
			all += s.complete("joinctl ca-hash some", 1, "some-file.crt")
			all += s.complete("joinctl token create --joiner=kub", 1, "kubeadm")
			s.send("joinctl token list \t\t")
			time.Sleep(2 * time.Second) // as long as a completion can take: nothing must come
			if written := s.written(); strings.Contains(written, "some-file") {
				t.Errorf("a name of a file is offered: %q", written)
			}
			s.drop()
			for _, never := range []string{noise, "0123456789abcdef", "[Debug]", "Completion ended"} {
				if strings.Contains(all, never) {
					t.Errorf("the terminal shows %q: %q", never, all)
				}
			}

			s.send("joinctl token delete ab\t")
			s.expect("abcdef")
			s.send("\r")
			s.expect(`token "abcdef" deleted`)
			if left := server.Secrets("kube-system"); len(left) != 1 || left[0].Name != "bootstrap-token-bbbbbb" {
				t.Errorf("%d tokens are left", len(left))
			}
		})
	}
}

// complete types a line and presses the tabulator so many times, waits for all these texts, and drops the line.
func (s *shell) complete(line string, tabs int, want ...string) string {
	s.t.Helper()
	s.send(line + strings.Repeat("\t", tabs))
	screen := s.expect(want...)
	s.drop()
	return screen
}

// drop drops the line that is typed. It has the shell write something, to know that it is ready for the next one.
func (s *shell) drop() {
	s.t.Helper()
	s.send("\x15echo ag''ain\r")
	s.expect("again")
}
