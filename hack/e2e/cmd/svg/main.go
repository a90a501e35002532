// SPDX-License-Identifier: Apache-2.0

// Command svg starts a control plane, records the main commands of joinctl on it as an SVG image, and stops it: the tokens in
// the image are worthless.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/recording"
)

func main() {
	bin := flag.String("bin", "", "folder with the programs joinctl and controlplane")
	out := flag.String("out", "", "file for the image")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out); err != nil {
		fmt.Fprintln(os.Stderr, "svg:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, out string) (err error) {
	cp, err := controlplane.StartProcess(filepath.Join(bin, "controlplane"), "--karmada", "--joinable", "--name", "hub")
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := cp.Stop(); err == nil {
			err = stopErr
		}
	}()
	steps, err := recording.Record(ctx, filepath.Join(bin, "joinctl"), cp.Kubeconfig)
	if err != nil {
		return err
	}
	image, err := recording.SVG(steps)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(image), 0o644)
}
