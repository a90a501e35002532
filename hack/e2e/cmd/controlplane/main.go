// SPDX-License-Identifier: Apache-2.0

// Command controlplane runs a real Kubernetes control plane on the loopback
// interface: etcd, kube-apiserver and the controllers that bootstrap tokens need,
// in one process. It writes a kubeconfig, prints one line when the control plane
// is ready, and removes all its files when it stops.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets the heap grow to nine times the live data: a control plane lives for seconds, and collecting less often
// takes a fifth off the processor time of its start.
const gcPercent = 800

func main() {
	debug.SetGCPercent(gcPercent)
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.exitWithStdin {
		ctx = untilEOF(ctx, os.Stdin)
	}
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

// untilEOF returns a copy of ctx that is also cancelled when reading r ends or fails.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r)
	}()
	return ctx
}
