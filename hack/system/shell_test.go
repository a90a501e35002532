// SPDX-License-Identifier: Apache-2.0

//go:build system && linux

package system

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long a shell may take for an answer: completions are quick, and the machines of a pipeline are not.
const patience = 30 * time.Second

// A shell is an interactive shell on a terminal of its own.
type shell struct {
	t        *testing.T
	terminal *os.File

	mu     sync.Mutex
	screen strings.Builder // all that it wrote since the last line was sent
}

// startShell starts a shell, which ends with the test.
func startShell(t *testing.T, dir string, env []string, name string, args ...string) *shell {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, name), args...)
	cmd.Dir, cmd.Env = dir, env
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 160})
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{t: t, terminal: terminal}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.read()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = terminal.Close()
		<-read
	})
	return s
}

// read keeps what the shell writes, and answers as a terminal does: fish waits for that.
func (s *shell) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.terminal.Read(buffer)
		if err != nil {
			return
		}
		text := string(buffer[:n])
		if strings.Contains(text, "\x1b[c") || strings.Contains(text, "\x1b[0c") { // Primary Device Attributes
			_, _ = s.terminal.WriteString("\x1b[?62c")
		}
		s.mu.Lock()
		s.screen.WriteString(text)
		s.mu.Unlock()
	}
}

// send types a text.
func (s *shell) send(text string) {
	s.t.Helper()
	s.mu.Lock()
	s.screen.Reset()
	s.mu.Unlock()
	if _, err := s.terminal.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shell) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// expect waits until the shell has written all these texts, and returns everything that it wrote.
func (s *shell) expect(texts ...string) string {
	s.t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		screen, missing := s.written(), ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return screen
		}
		if time.Since(start) > patience {
			s.t.Fatalf("the shell never writes %q: %q", missing, screen)
		}
	}
}
