// SPDX-License-Identifier: Apache-2.0

// Package recording runs joinctl on a terminal against a control plane, and draws what the terminal shows as an SVG image.
package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// The size of the terminal in characters.
const (
	columns = 100
	rows    = 50
)

// A Step is a command and what it wrote to the terminal.
type Step struct{ Command, Output string }

// Record creates a token for a cluster, lists it, checks its join command, and deletes it. It returns an error if a command fails.
func Record(ctx context.Context, joinctl, kubeconfig string) ([]Step, error) {
	t := terminal{joinctl, kubeconfig}
	created, err := t.run(ctx, "token", "create", "--print-register-command", "--ttl", "2h", "--for", "member1")
	if err != nil {
		return nil, err
	}
	command := regexp.MustCompile(`(?m)karmadactl register .* --token ([a-z0-9]{6})\..*?\r?$`).FindStringSubmatch(created.Output)
	if command == nil {
		return nil, fmt.Errorf("no join command in %q", created.Output)
	}
	steps := []Step{created}
	for _, args := range [][]string{
		{"token", "list"},
		append([]string{"check", "--"}, strings.Fields(command[0])...),
		{"token", "delete", command[1]},
	} {
		step, err := t.run(ctx, args...)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// A terminal runs joinctl with a kubeconfig.
type terminal struct{ joinctl, kubeconfig string }

// run runs joinctl on a terminal of its own.
func (t terminal) run(ctx context.Context, args ...string) (Step, error) {
	cmd := exec.CommandContext(ctx, t.joinctl, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(t.kubeconfig), "TERM=xterm-256color", "KUBECONFIG=" + t.kubeconfig}
	command := strings.Join(append([]string{"joinctl"}, args...), " ")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		return Step{}, fmt.Errorf("run %s: %w", command, err)
	}
	defer tty.Close()
	output, err := io.ReadAll(tty)
	// Linux returns EIO when the last process has closed the terminal.
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) && errors.Is(err, syscall.EIO) {
		err = nil
	}
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return Step{}, fmt.Errorf("run %s: %w: %s", command, err, output)
	}
	return Step{command, string(output)}, nil
}
