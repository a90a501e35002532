// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A demo runs joinctl on one control plane.
type demo struct {
	ctx        context.Context //nolint:containedctx // lives as long as the program
	joinctl    string          // absolute path
	kubeconfig string
	dir        string // working directory of the commands
	stdout     io.Writer
}

// A step is a joinctl command with its redirections, as a shell would run it.
type step struct {
	args string // separated by spaces
	in   string // file for standard input
	out  string // file for standard output
	tee  string // file for a copy of standard output
}

// show runs the steps. The first ones fit on a screen of 80 by 24.
func (d demo) show() error {
	if err := d.steps(
		step{args: "token create --print-register-command --for member1", tee: "join"},
		step{args: "token list"},
		step{args: "check -", in: "join", out: "steps"},
		step{args: "token delete --for member1"},
	); err != nil {
		return err
	}
	d.comment("The steps of the join that check replayed:")
	if err := d.printFile("steps"); err != nil {
		return err
	}
	d.comment("A token for each of two more members; no list shows a secret:")
	if err := d.steps(step{args: "token create --for member2,member3 --ttl 2h"}, step{args: "token list"}); err != nil {
		return err
	}
	d.comment("Create what members lack on this control plane to renew their certificates:")
	return d.steps(step{args: "setup --yes"})
}

func (d demo) comment(text string) { fmt.Fprintln(d.stdout, "# "+text) }

func (d demo) steps(steps ...step) error {
	for _, s := range steps {
		if err := d.run(s); err != nil {
			return fmt.Errorf("joinctl %s: %w", s.args, err)
		}
	}
	return nil
}

// run prints a command, runs it, and prints its output.
func (d demo) run(s step) error {
	fmt.Fprintln(d.stdout, s)
	cmd := exec.CommandContext(d.ctx, d.joinctl, strings.Fields(s.args)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.kubeconfig)
	cmd.Stdout, cmd.Stderr = d.stdout, d.stdout // one pipe keeps the order
	if s.in != "" {
		in, err := os.Open(filepath.Join(d.dir, s.in))
		if err != nil {
			return err
		}
		defer in.Close()
		cmd.Stdin = in
	}
	if s.out+s.tee == "" {
		err := cmd.Run()
		fmt.Fprintln(d.stdout)
		return err
	}
	out, err := os.Create(filepath.Join(d.dir, s.out+s.tee))
	if err != nil {
		return err
	}
	cmd.Stdout = out
	if s.tee != "" {
		cmd.Stdout = io.MultiWriter(d.stdout, out)
	}
	err = errors.Join(cmd.Run(), out.Close())
	fmt.Fprintln(d.stdout)
	return err
}

// printFile prints a file and the command for it.
func (d demo) printFile(name string) error {
	content, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.stdout, "$ cat %s\n%s\n", name, content)
	return err
}

// String returns the command line.
func (s step) String() string {
	words := []string{"$ joinctl", s.args}
	for _, redirection := range []struct{ operator, file string }{{"<", s.in}, {">", s.out}, {"| tee", s.tee}} {
		if redirection.file != "" {
			words = append(words, redirection.operator, redirection.file)
		}
	}
	return strings.Join(words, " ")
}
