// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"time"
)

const (
	// cpuSecondsPerPackage is measured: 24 CPU-minutes for the 2,240 packages of a control plane.
	cpuSecondsPerPackage = 24 * 60 / 2240.0

	manyPackages = 100 // take longer than a minute of CPU time
	quiet        = 2 * time.Second
	period       = 30 * time.Second // of the lines, if stderr is not a terminal
)

// progress counts what go build reports and prints how far it is.
type progress struct {
	w        io.Writer
	programs string
	terminal bool
	cores    int
	started  time.Time
	printed  time.Time // last line, if w is not a terminal

	downloads int
	compiled  map[string]bool
	total     int    // packages to compile; 0: not known
	hint      string // for the last error with a known cause
}

func newProgress(w io.Writer, packages []string, terminal bool, cores int, now time.Time) *progress {
	names := make([]string, len(packages))
	for i, name := range packages {
		names[i] = path.Base(name)
	}
	return &progress{w: w, programs: strings.Join(names, ", "), terminal: terminal, cores: cores, started: now, printed: now, compiled: map[string]bool{}}
}

// report takes a line of go build -v: a package that it compiles, a module that it downloads, or an error, which it prints.
func (p *progress) report(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		p.downloads++
	case line != "" && !strings.ContainsAny(line, " \t"):
		p.compiled[line] = true
	default:
		p.clear()
		fmt.Fprintln(p.w, line)
		p.hint = cmp.Or(hintFor(line), p.hint)
	}
}

// expect takes the packages that were to be compiled at some time of the build, and prints how long that takes.
func (p *progress) expect(packages []string) {
	p.total = len(p.compiled)
	for _, name := range packages {
		if !p.compiled[name] {
			p.total++
		}
	}
	if p.total < manyPackages {
		return
	}
	minutes := math.Ceil(float64(p.total) * cpuSecondsPerPackage / 60)
	p.clear()
	fmt.Fprintf(p.w, "Compiling %s: %d packages. This takes about %.0f CPU-minutes,\n%.0f minutes on %d cores. Later runs start in seconds.\n",
		p.programs, p.total, minutes, math.Ceil(minutes/float64(p.cores)), p.cores)
}

// show prints how far the build is.
func (p *progress) show(now time.Time) {
	elapsed := now.Sub(p.started).Truncate(time.Second)
	switch {
	case elapsed < quiet:
	case p.terminal:
		p.clear()
		fmt.Fprintf(p.w, "%s, %s", p.state(), elapsed)
	case now.Sub(p.printed) >= period:
		p.printed = now
		fmt.Fprintf(p.w, "%s, %s\n", p.state(), elapsed)
	}
}

func (p *progress) state() string {
	switch n := len(p.compiled); {
	case n == 0 && p.downloads > 0:
		return fmt.Sprintf("Downloading modules: %d", p.downloads)
	case n < p.total:
		return fmt.Sprintf("Compiled packages: %d of %d", n, p.total)
	case n > 0 && p.total == 0:
		return fmt.Sprintf("Compiled packages: %d", n)
	default:
		return "Linking"
	}
}

// clear removes the line on a terminal.
func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// explain adds the hint to an error.
func (p *progress) explain(err error) error {
	if p.hint == "" {
		return err
	}
	return fmt.Errorf("%w\nhint: %s", err, p.hint)
}

// hintFor returns what to do about an error of go build, or "" if its cause is not known.
func hintFor(line string) string {
	for _, known := range []struct{ text, hint string }{
		{"no space left on device", "the disk is full: Go's caches need about 4 GB; set GOCACHE, GOMODCACHE or TMPDIR to folders on another disk"},
		{"signal: killed", "the system ended a compiler, probably for lack of memory; compile one package at a time with GOFLAGS=-p=1"},
		{"dial tcp", "the modules come from GOPROXY, which this machine does not reach"},
		{"executable file not found", "install the program that is missing"},
	} {
		if strings.Contains(line, known.text) {
			return known.hint
		}
	}
	return ""
}
