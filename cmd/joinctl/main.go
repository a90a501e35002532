// SPDX-License-Identifier: Apache-2.0

// Command joinctl manages the credentials with which clusters join a multi-cluster control plane.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/joinctl/joinctl/internal/cli"
)

// version is set by the linker for releases; go install knows it from the module.
var version string

func main() { os.Exit(run()) }

func run() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cacheDir, _ := os.UserCacheDir() // fails where the environment names no home
	env := &cli.Env{
		In:       interruptible{ctx, os.Stdin},
		Out:      os.Stdout,
		Err:      os.Stderr,
		InTTY:    term.IsTerminal(int(os.Stdin.Fd())),
		ErrTTY:   term.IsTerminal(int(os.Stderr.Fd())),
		OutLost:  closedAtStart(os.Stdout),
		CacheDir: cacheDir,
		ExecInfo: os.Getenv("KUBERNETES_EXEC_INFO"),
		Depth:    os.Getenv(cli.DepthVariable),
		Now:      time.Now,
		Rand:     rand.Reader,
		MaxFiles: maxFiles(),
		Kill:     signals(cancel),
		Version:  version,
	}
	return cli.Main(ctx, env, os.Args[1:])
}

// signals cancels at the first interrupt. The second closes the channel that it returns, and ends the program a
// second later should it still hang.
func signals(cancel context.CancelFunc) <-chan struct{} {
	// With a handler in place a write to a closed pipe is an error that can be dealt with, and not the end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	kill := make(chan struct{})
	go func() {
		<-interrupts
		cancel()
		<-interrupts
		close(kill)
		time.Sleep(time.Second)
		os.Exit(cli.ExitInterrupted)
	}()
	return kill
}

// interruptible is an input whose Read ends with a context.
type interruptible struct {
	ctx  context.Context //nolint:containedctx // io.Reader has no room for one
	file *os.File
}

func (r interruptible) Read(p []byte) (int, error) {
	type read struct {
		n   int
		err error
	}
	done := make(chan read, 1)
	buf := make([]byte, len(p))
	go func() {
		n, err := r.file.Read(buf)
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, buf[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
