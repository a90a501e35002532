// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runWithPlugin runs token list on a context whose plugin is a shell script, and returns its stderr, up to the moment at which
// nobody holds it open, and how long that took. The script can write process IDs to the file $PIDS, which are returned.
func runWithPlugin(t *testing.T, script string, prepare func(*exec.Cmd)) (stderr string, took time.Duration, pids []int) {
	t.Helper()
	dir := t.TempDir()
	plugin, kubeconfig, pidFile := filepath.Join(dir, "plugin"), filepath.Join(dir, "config"), filepath.Join(dir, "pids")
	for file, content := range map[string]string{
		plugin: "#!/bin/sh\n" + script,
		kubeconfig: fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"+
			"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"+
			"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: IfAvailable}}}]\n", plugin),
	} {
		if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "joinctl", "token", "list", "--kubeconfig", kubeconfig, "--timeout", "1s")
	cmd.Env = append(os.Environ(), "PIDS="+pidFile)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = write
	if prepare != nil {
		prepare(cmd)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	if err := read.SetReadDeadline(start.Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(read)
	if err != nil {
		t.Errorf("stderr stays open: %v", err)
	}
	took = time.Since(start)
	if err := cmd.Wait(); err == nil {
		t.Error("joinctl succeeds without a server")
	}
	content, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatalf("the plugin did not run: %v\n%s", err, out)
	}
	for field := range strings.FieldsSeq(string(content)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	}
	return string(out), took, pids
}

// They do not run in parallel: another process that starts while the plugin is written would keep it open.
func TestAPluginAndItsChildrenEndWithTheRun(t *testing.T) {
	for name, trap := range map[string]string{"": "", ", even if they ignore SIGTERM": "trap '' TERM\n"} {
		stderr, took, pids := runWithPlugin(t, trap+"sleep 60 &\necho $$ $! > $PIDS\necho log in, please >&2\nwait\nsleep 60\n", nil)
		if took > 10*time.Second || !strings.Contains(stderr, "log in, please") || len(pids) != 2 {
			t.Errorf("stderr closes after %s%s: %s", took, name, stderr)
		}
		for _, pid := range pids {
			wantEnded(t, pid)
		}
	}
}

// wantEnded waits until a process has ended. One that nobody has waited for yet has ended too.
func wantEnded(t *testing.T, pid int) {
	t.Helper()
	for range 100 {
		state, err := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
		if err != nil || strings.HasPrefix(strings.TrimSpace(string(state)), "Z") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

func TestAProcessThatAPluginLeavesBehindDoesNotHoldStderr(t *testing.T) {
	stderr, took, pids := runWithPlugin(t, `sleep 60 >/dev/null &
echo $! > $PIDS
echo logged in >&2
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
`, nil)
	if took > 10*time.Second || !strings.Contains(stderr, "logged in") || !strings.Contains(stderr, "refused") {
		t.Errorf("stderr closes after %s: %s", took, stderr)
	}
	if err := syscall.Kill(pids[0], 0); err != nil {
		t.Errorf("an agent of the plugin was killed: %v", err)
	}
}

func TestACompletionDoesNotWaitForAPluginThatHangs(t *testing.T) {
	dir := t.TempDir()
	plugin, kubeconfig := filepath.Join(dir, "plugin"), filepath.Join(dir, "config")
	for file, content := range map[string]string{
		plugin: "#!/bin/sh\ntrap '' TERM\necho noise >&2\nsleep 60\n",
		kubeconfig: fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"+
			"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"+
			"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: Never}}}]\n", plugin),
	} {
		if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "joinctl", "__complete", "--kubeconfig", kubeconfig, "token", "delete", "")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	if took := time.Since(start); err != nil || stdout.String() != ":36\n" || stderr.String() != "" || took > 15*time.Second { // on a busy machine
		t.Errorf("%v after %s, stdout %q, stderr %q", err, took, &stdout, &stderr)
	}
	t.Logf("it takes %s", time.Since(start))
}
