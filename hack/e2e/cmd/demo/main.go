// SPDX-License-Identifier: Apache-2.0

// Command demo shows joinctl's main job on a control plane that it starts and stops itself.
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
	cp, err := controlplane.StartMain(filepath.Join(bin, "controlplane"), "--karmada", "--name", "hub")
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
	d.say("The hub's operator makes it joinable: cluster-info, and what joiners may do:")
	if _, err := d.run("setup", "--yes", "--endpoint", d.cp.Host); err != nil {
		return err
	}
	d.say("The hub's operator creates a token and gets the command for the member cluster:")
	out, err := d.run("token", "create", "--print-register-command", "--ttl", "2h", "--description", "for member1")
	if err != nil {
		return err
	}
	d.say("The token is there, its secret hidden:")
	if _, err := d.run("token", "list"); err != nil {
		return err
	}
	tok := regexp.MustCompile(`[a-z0-9]{6}\.[a-z0-9]{16}`).FindString(out)
	user, err := d.cp.WhoAmI(d.ctx, tok)
	if err != nil {
		return fmt.Errorf("authenticate with the token: %w", err)
	}
	d.say("Who presents it to the API server is:")
	fmt.Printf("%s, in groups %s\n\n", user.Username, strings.Join(user.Groups, ", "))
	d.say("A member has joined with it, so it goes:")
	id, _, _ := strings.Cut(tok, ".")
	for _, args := range [][]string{{"token", "delete", id}, {"token", "list"}} {
		if _, err := d.run(args...); err != nil {
			return err
		}
	}
	d.say("The next members get a token each:")
	if out, err = d.run("token", "create", "--print-register-command", "--ttl", "2h", "--for", "member2,member3"); err != nil {
		return err
	}
	d.say("One of them tries its command before karmadactl runs it:")
	line := regexp.MustCompile(`(?m)^karmadactl register .*$`).FindString(out)
	_, err = d.run(append([]string{"check", "--"}, strings.Fields(line)...)...)
	return err
}

func (d demo) say(text string) { fmt.Println("# " + text) }

// run shows a command and what it prints, and returns that.
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
