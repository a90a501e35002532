// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command returns a process that runs joinctl as a world's command, in an empty directory. Its output goes to the buffers.
func (m *matrix) command(t *testing.T, w *world) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd = exec.CommandContext(t.Context(), m.program, w.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), stdout, stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}
	return cmd, stdout, stderr
}

// shell is command with the shell around it: a script in which "$@" is joinctl with its arguments, and DIR is the directory
// of the world. The files out and err are parts of stdout and stderr.
func (m *matrix) shell(t *testing.T, w *world, script string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd, stdout, stderr = m.command(t, w)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", strings.ReplaceAll(script, "DIR", w.dir), "sh"}, cmd.Args...)
	return cmd, stdout, stderr
}

// finish waits for the end of a process that was started, and returns how it ended.
func finish(t *testing.T, w *world, cmd *exec.Cmd, began time.Time, stdout, stderr *bytes.Buffer) result {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{code: cmd.ProcessState.ExitCode(), elapsed: time.Since(began), stdout: stdout.String(), stderr: stderr.String()}
	for pattern, into := range map[string]*string{
		filepath.Join(w.dir, "*"): &r.files, filepath.Join(cmd.Dir, "out"): &r.stdout, filepath.Join(cmd.Dir, "err"): &r.stderr,
	} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			*into += string(content)
		}
	}
	return r
}

// run runs a process to its end.
func (m *matrix) run(t *testing.T, w *world, script string) result {
	t.Helper()
	cmd, stdout, stderr := m.shell(t, w, script)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return finish(t, w, cmd, began, stdout, stderr)
}

// many returns so many cluster names.
func many(count int) string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("m%d", i)
	}
	return strings.Join(names, ",")
}
