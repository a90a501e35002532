// SPDX-License-Identifier: Apache-2.0

// Command gobuild runs go build and shows on stderr how far it is, for programs that take minutes to compile. On a
// terminal it keeps one line up to date, otherwise it prints a line every 30 seconds. A build that takes no longer than two
// seconds prints nothing.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gobuild:", err)
		os.Exit(1)
	}
}

// A build is what go build and go list are asked for.
type build struct {
	flags    []string // build flags
	output   string   // of -o
	packages []string
}

func parse(args []string) (build, error) {
	var b build
	var dir string
	fs := flag.NewFlagSet("gobuild", flag.ContinueOnError)
	fs.StringVar(&dir, "C", ".", "`folder` of the module; -o is relative to it")
	fs.StringVar(&b.output, "o", "", "`file or folder` to write")
	tags := fs.String("tags", "", "build tags")
	ldflags := fs.String("ldflags", "", "flags of the linker")
	trim := fs.Bool("trimpath", false, "whether to leave the names of folders out of the program")
	vcs := fs.String("buildvcs", "auto", "whether to stamp VCS information")
	if err := fs.Parse(args); err != nil {
		return b, err
	}
	b.flags = []string{"-C", dir, "-tags", *tags, "-ldflags", *ldflags, "-buildvcs=" + *vcs, fmt.Sprintf("-trimpath=%t", *trim)}
	b.packages = fs.Args()
	return b, nil
}

func run(ctx context.Context, args []string) error {
	b, err := parse(args)
	if err != nil {
		return err
	}
	info, err := os.Stderr.Stat()
	p := newProgress(os.Stderr, b.packages, err == nil && info.Mode()&os.ModeCharDevice != 0, runtime.GOMAXPROCS(0), time.Now())
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, b.flags...), append([]string{"-v", "-o", b.output}, b.packages...)...)...)
	cmd.Stdout = os.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // go removes its temporary files
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: install Go, see https://go.dev/doc/install", err)
	}
	follow(ctx, p, stderr, b)
	p.clear()
	err = cmd.Wait()
	if ctx.Err() != nil {
		return errors.New("interrupted; the next run continues with what is compiled")
	}
	if err != nil {
		return p.explain(fmt.Errorf("go build: %w", err))
	}
	return nil
}

// follow reports the lines of go build to p until there are none. With the first one it asks for the packages to compile.
func follow(ctx context.Context, p *progress, stderr io.Reader, b build) {
	lines, stale := make(chan string), make(chan []string, 1)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	asked := false
	for {
		select {
		case line, more := <-lines:
			if !more {
				return
			}
			p.report(line)
			if !asked {
				asked = true
				go func() { stale <- b.stale(ctx) }()
			}
		case names := <-stale:
			p.expect(names)
		case now := <-ticker.C:
			p.show(now)
		}
	}
}

// stale returns the packages that are not in the build cache, or nothing if go list fails.
func (b build) stale(ctx context.Context) []string {
	args := append(append([]string{"list"}, b.flags...), "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}")
	out, err := exec.CommandContext(ctx, "go", append(args, b.packages...)...).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}
