// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// kubectl runs the program and the completions of it by the names of their files in the PATH.
func TestKubectlRunsAndCompletesThePlugin(t *testing.T) {
	dir := t.TempDir()
	shim, err := filepath.Abs("../kubectl/kubectl_complete-join_token")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"kubectl-join_token": program.Binary("joinctl"), "kubectl_complete-join_token": shim} {
		if err := os.Symlink(file, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]string{
		"join-token token --help":                             "kubectl join-token token COMMAND",
		"join-token token create --help":                      "\n  kubectl join-token token create\n",
		"__complete join-token token li":                      "list\tList bootstrap tokens and how the server treats each\n:4\n",
		"__complete join-token token create --joiner ku":      "kubeadm\n:36\n",
		"__complete join-token token list --kubeconfig ":      ":0\n",
		"__complete join-token --kubeconfig=/none sa token r": ":36\n",
	} {
		cmd := exec.CommandContext(t.Context(), program.Binary("kubectl"), strings.Split(args, " ")...)
		cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG=/does/not/exist")
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("kubectl %s: %v, got %q, want %q", args, err, out, want)
		}
	}
}
