// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

// open opens a device and closes it with the test.
func open(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// exitOf returns the exit code of a command that has ended.
func exitOf(t *testing.T, cmd *exec.Cmd, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// joinctl returns a command that runs this program on a server, nil for none.
func joinctl(t *testing.T, server *apitest.Server, args ...string) (cmd *exec.Cmd, stderr *strings.Builder) {
	t.Helper()
	cmd, stderr = exec.CommandContext(t.Context(), "joinctl", args...), &strings.Builder{}
	cmd.Stderr = stderr
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	if server != nil {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}))
	}
	return cmd, stderr
}

// tokens returns how many bootstrap tokens a server has.
func tokens(server *apitest.Server) int { return len(server.Secrets("kube-system")) }

func TestAnOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	create, _ := joinctl(t, server, "token", "create", "abcdef.0123456789abcdef")
	if code := exitOf(t, create, create.Run()); code != 0 {
		t.Fatalf("token create: exit %d", code)
	}
	for _, line := range []string{
		"", "--help", "help", "help token create", "token", "token create --help", "sa",
		"completion bash", "completion zsh", "completion fish", "completion powershell", "completion --help",
		"__complete token l", "__complete token list --output j", "__completeNoDesc token l",
		"version", "version -o json", "options", "token generate", "contexts", "contexts -o yaml",
		"token create --dry-run=client -o yaml", "setup --dry-run=client -o yaml", "sa token robot --dry-run=client -o yaml",
		"token list", "token list -o json", "token list -o name", "token command abcdef", "token create", "ca-hash --context hub",
		"token delete abcdef --dry-run=server", "sa list -o json", "doctor",
	} {
		cmd, stderr := joinctl(t, server, strings.Fields(line)...)
		cmd.Stdout = open(t, "/dev/full", os.O_WRONLY)
		if code := exitOf(t, cmd, cmd.Run()); code != 1 || strings.Count(stderr.String(), "no space left on device") != 1 {
			t.Errorf("joinctl %s: exit %d\n%s", line, code, stderr)
		}
	}
	if left := tokens(server); left != 1 {
		t.Errorf("%d tokens are left", left)
	}
}
