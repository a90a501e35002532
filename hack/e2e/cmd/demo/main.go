// SPDX-License-Identifier: Apache-2.0

// Command demo starts a control plane, shows the main commands of joinctl on it, and stops it.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

func main() {
	bin := flag.String("bin", "", "folder with the programs joinctl and controlplane")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin string) (err error) {
	fmt.Fprintln(os.Stderr, "Starting a Karmada-like control plane on this machine: etcd, kube-apiserver, the token signer and cleaner …")
	cp, err := controlplane.StartProcess(filepath.Join(bin, "controlplane"), "--karmada", "--name", "hub")
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := cp.Stop(); err == nil {
			err = stopErr
		}
	}()
	d := demo{ctx, filepath.Join(bin, "joinctl"), cp}
	return d.show()
}

// A demo runs joinctl on one control plane.
type demo struct {
	ctx     context.Context //nolint:containedctx // lives as long as the program
	joinctl string
	cp      *controlplane.ControlPlane
}

func (d demo) show() error {
	d.comment("Set up the hub for joining: cluster-info and the RBAC of joining members:")
	if _, err := d.run("setup", "--yes", "--endpoint", d.cp.Host); err != nil {
		return err
	}
	d.comment("Create a token and print the register command for a member cluster:")
	out, err := d.run("token", "create", "--print-register-command", "--ttl", "2h", "--description", "for member1")
	if err != nil {
		return err
	}
	d.comment("List the tokens, without their secrets:")
	if _, err := d.run("token", "list"); err != nil {
		return err
	}
	tok := regexp.MustCompile(`[a-z0-9]{6}\.[a-z0-9]{16}`).FindString(out)
	user, err := d.cp.WhoAmI(d.ctx, tok)
	if err != nil {
		return fmt.Errorf("authenticate with the token: %w", err)
	}
	d.comment("The API server authenticates the token as:")
	fmt.Printf("%s, in groups %s\n\n", user.Username, strings.Join(user.Groups, ", "))
	d.comment("Delete the token after the member has joined:")
	id, _, _ := strings.Cut(tok, ".")
	for _, args := range [][]string{{"token", "delete", id}, {"token", "list"}} {
		if _, err := d.run(args...); err != nil {
			return err
		}
	}
	d.comment("Create one token for each of the next members:")
	if out, err = d.run("token", "create", "--print-register-command", "--ttl", "2h", "--for", "member2,member3"); err != nil {
		return err
	}
	d.comment("Check a printed command before karmadactl runs it:")
	line := regexp.MustCompile(`(?m)^karmadactl register .*$`).FindString(out)
	_, err = d.run(append([]string{"check", "--"}, strings.Fields(line)...)...)
	return err
}

func (d demo) comment(text string) { fmt.Println("# " + text) }

// run prints a joinctl command, runs it, and prints and returns its output.
func (d demo) run(args ...string) (string, error) {
	words := append([]string{"$ joinctl"}, args...)
	for i, word := range words {
		if i > 0 && strings.Contains(word, " ") {
			words[i] = fmt.Sprintf("%q", word)
		}
	}
	fmt.Println(strings.Join(words, " "))
	var printed bytes.Buffer
	cmd := exec.CommandContext(d.ctx, d.joinctl, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.cp.Kubeconfig)
	cmd.Stdout = io.MultiWriter(os.Stdout, &printed)
	cmd.Stderr = cmd.Stdout // one pipe keeps the order
	err := cmd.Run()
	fmt.Println()
	if err != nil {
		return "", fmt.Errorf("joinctl %s: %w", strings.Join(args[:2], " "), err)
	}
	return printed.String(), nil
}
