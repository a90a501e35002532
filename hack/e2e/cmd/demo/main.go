// SPDX-License-Identifier: Apache-2.0

// Command demo starts a control plane, shows the main commands of joinctl on it, and stops it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

func main() {
	bin := flag.String("bin", "", "folder with the programs joinctl, controlplane and envtest/controlplane")
	assets := flag.String("assets", "", "folder with kube-apiserver and etcd, which envtest/controlplane runs; empty: run controlplane")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a closed stdout is an error, so that run removes its files
	err := run(ctx, *bin, *assets)
	if ctx.Err() != nil {
		err = errors.New("interrupted; the control plane is stopped and its files are removed")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, assets string) (err error) {
	name, args := "controlplane", []string{"--karmada", "--joinable", "--agent-approver", "--name", "hub"}
	if assets != "" {
		name, args = filepath.Join("envtest", "controlplane"), append(args, "--assets", assets)
	}
	dir, err := os.MkdirTemp("", "joinctl-demo-")
	if err != nil {
		return fmt.Errorf("create a directory for the demo: %w (set TMPDIR to another folder)", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	joinctl, err := filepath.Abs(filepath.Join(bin, "joinctl"))
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "Starting a control plane on this machine, with Karmada's Cluster API …")
	cp, err := controlplane.StartProcess(filepath.Join(bin, name), args...)
	if err != nil {
		return fmt.Errorf("start a control plane: %w", err)
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	d := demo{ctx: ctx, joinctl: joinctl, kubeconfig: cp.Kubeconfig, dir: dir, stdout: os.Stdout}
	return d.show()
}
