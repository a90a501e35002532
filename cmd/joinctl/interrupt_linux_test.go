// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

const manyTokens = 400

// clusters returns the arguments of token create for so many clusters.
func clusters(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("m%d", i)
	}
	return []string{"token", "create", "--for", strings.Join(names, ",")}
}

// fullPipe returns the end of a pipe that nobody reads, and that holds no more.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	_ = write.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for page := make([]byte, 4096); ; {
		if _, err := write.Write(page); err != nil {
			break
		}
	}
	return write
}

// waitStored waits until count tokens are stored, and returns their IDs.
func waitStored(t *testing.T, server *apitest.Server, count int) (ids []string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); tokens(server) < count; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d tokens after 30 s", tokens(server))
		}
	}
	for _, secret := range server.Secrets("kube-system") {
		ids = append(ids, strings.TrimPrefix(secret.Name, "bootstrap-token-"))
	}
	time.Sleep(300 * time.Millisecond) // the tokens are written now
	return ids
}

// ended waits for a command, and returns its exit code and how long it took to end.
func ended(t *testing.T, cmd *exec.Cmd) (code int, took time.Duration) {
	t.Helper()
	start := time.Now()
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	return exitOf(t, cmd, cmd.Wait()), time.Since(start)
}

func interrupt(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// startMany starts token create for many clusters, and waits until all tokens are created.
func startMany(t *testing.T, server *apitest.Server, stdout *os.File) (cmd *exec.Cmd, stderr *strings.Builder, ids []string) {
	t.Helper()
	cmd, stderr = joinctl(t, server, clusters(manyTokens)...)
	cmd.Stdout = stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, stderr, waitStored(t, server, manyTokens)
}

// wantAllNamed checks that stderr names every token, with the command that deletes it.
func wantAllNamed(t *testing.T, stderr string, ids []string) {
	t.Helper()
	unnamed := 0
	for _, id := range ids {
		if !strings.Contains(stderr, "error: token "+id+" ") || !strings.Contains(stderr, "joinctl token delete "+id+" ") {
			unnamed++
		}
	}
	if unnamed > 0 {
		t.Errorf("%d of %d tokens are not named; stderr begins with %.2000s", unnamed, len(ids), stderr)
	}
}

func TestOneInterruptEndsABlockedWriteAndRollsBack(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	cmd, stderr, _ := startMany(t, server, fullPipe(t))
	interrupt(t, cmd)
	code, took := ended(t, cmd)
	if left := tokens(server); code != 130 || took > 15*time.Second || left > 0 {
		t.Errorf("exit %d after %s with %d tokens left", code, took, left)
	}
	if !strings.Contains(stderr.String(), "400 tokens were created, could not be printed, and were deleted again") {
		t.Errorf("stderr: %.2000s", stderr)
	}
}

func TestASecondInterruptWhileDeletionsHangNamesEveryToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodDelete, "", apitest.Hang(nil))
	cmd, stderr, ids := startMany(t, server, fullPipe(t))
	interrupt(t, cmd)
	time.Sleep(2 * time.Second) // the write is given up, and the roll-back hangs
	interrupt(t, cmd)
	if code, took := ended(t, cmd); code != 130 || took > 4*time.Second {
		t.Errorf("exit %d after %s", code, took)
	}
	wantAllNamed(t, stderr.String(), ids)
}

func TestTwoInterruptsNameEveryTokenThatAClosedStdoutDidNotTake(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodDelete, "", apitest.Hang(nil))
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	cmd, stderr, ids := startMany(t, server, write)
	_ = write.Close()
	interrupt(t, cmd)
	time.Sleep(1100 * time.Millisecond)
	interrupt(t, cmd)
	if code, took := ended(t, cmd); code != 130 || took > 4*time.Second {
		t.Errorf("exit %d after %s", code, took)
	}
	wantAllNamed(t, stderr.String(), ids)
}

func TestSignalsEndARunWhoseStderrIsBlocked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		block   func(*exec.Cmd, *os.File)
		signals int
	}{
		"stderr":      {func(cmd *exec.Cmd, pipe *os.File) { cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, pipe }, 1},
		"both":        {func(cmd *exec.Cmd, pipe *os.File) { cmd.Stdout, cmd.Stderr = pipe, pipe }, 1},
		"its logging": {func(cmd *exec.Cmd, pipe *os.File) { cmd.Args, cmd.Stderr = append(cmd.Args, "-v=8"), pipe }, 2}, // klog writes by itself
	} {
		server := apitest.New(t)
		cmd, _ := joinctl(t, server, "token", "create")
		test.block(cmd, fullPipe(t))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // it writes now
		interrupt(t, cmd)
		if test.signals == 2 {
			time.Sleep(1100 * time.Millisecond)
			interrupt(t, cmd)
		}
		if code, took := ended(t, cmd); code != 130 || took > 5*time.Second {
			t.Errorf("%s: exit %d after %s", name, code, took)
		}
	}
}
