// SPDX-License-Identifier: Apache-2.0

// Command joinctl manages the tokens with which clusters join Karmada, and nodes join kubeadm clusters.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/joinctl/joinctl/internal/cli"
)

// version is set by the linker for releases; after go install it is empty, and the module has the version.
var version string

func main() { os.Exit(run()) }

func run() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cacheDir, _ := os.UserCacheDir() // fails without a home directory
	args := os.Args[1:]
	stdout, stderr := os.Stdout, os.Stderr
	if cli.IsCompletion(args) {
		silencePlugins()
	}
	endPlugins := adoptPlugins()
	defer endPlugins()
	kill := signals(cancel, endPlugins)
	env := &cli.Env{
		In:       interruptibleReader{ctx, os.Stdin},
		Out:      &interruptibleWriter{ctx: ctx, kill: kill, file: stdout},
		Err:      &interruptibleWriter{ctx: ctx, kill: kill, file: stderr},
		InTTY:    term.IsTerminal(int(os.Stdin.Fd())),
		ErrTTY:   term.IsTerminal(int(stderr.Fd())),
		ErrWidth: func() int { return width(stderr) },
		OutTTY:   term.IsTerminal(int(stdout.Fd())),
		OutWidth: func() int { return width(stdout) },
		NoColor:  os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
		OutLost:  closedAtStart(stdout),
		CacheDir: cacheDir,
		ExecInfo: os.Getenv("KUBERNETES_EXEC_INFO"),
		Depth:    os.Getenv(cli.DepthVariable),
		Now:      time.Now,
		Rand:     rand.Reader,
		MaxFiles: maxFiles(),
		Kill:     kill,
		Version:  version,
		Kuberc:   kuberc(),
		Program:  os.Args[0],
	}
	return cli.Main(ctx, env, args)
}

// kuberc returns what the environment says about kubectl's preferences file.
func kuberc() cli.KubercEnvironment {
	env := cli.KubercEnvironment{Gate: os.Getenv("KUBECTL_KUBERC"), File: os.Getenv("KUBERC")}
	if home, err := os.UserHomeDir(); err == nil { // client-go's rule on every system that has no HOMEDRIVE
		env.Default = filepath.Join(home, ".kube", "kuberc")
	}
	return env
}

// width returns the columns of the terminal that a file is, 0 where it is none.
func width(file *os.File) int {
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// repeatedSignal is the time in which a second interrupt is a repetition of the first: timeout(1) and many supervisors
// signal the program and then its process group.
const repeatedSignal = time.Second

// namingTime is how long the program may name objects in flight after the second interrupt.
const namingTime = 2 * time.Second

// signals calls cancel at the first interrupt. The second interrupt closes the returned channel. After namingTime it calls end
// and exits the program, if it still runs.
func signals(cancel context.CancelFunc, end func()) <-chan struct{} {
	// With a handler for SIGPIPE, a write to a closed pipe returns an error instead of killing the program.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	kill := make(chan struct{})
	go func() {
		awaitTwo(interrupts, cancel)
		close(kill)
		time.Sleep(namingTime)
		end()
		os.Exit(cli.ExitInterrupted)
	}()
	return kill
}

// awaitTwo calls cancel at the first interrupt and returns at the second, which is later than repeatedSignal.
func awaitTwo(interrupts <-chan os.Signal, cancel context.CancelFunc) {
	<-interrupts
	cancel()
	first := time.Now()
	for range interrupts {
		if time.Since(first) >= repeatedSignal {
			return
		}
	}
}

// An interruptibleReader is an input; its Read returns when a context ends.
type interruptibleReader struct {
	ctx  context.Context //nolint:containedctx // Read has no parameter for it
	file *os.File
}

func (r interruptibleReader) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	buf := make([]byte, len(p))
	go func() {
		n, err := r.file.Read(buf)
		done <- result{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, buf[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
