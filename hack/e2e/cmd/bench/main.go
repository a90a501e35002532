// SPDX-License-Identifier: Apache-2.0

// Command bench compares joinctl with kubeadm, kubectl and a bare Go TLS client. Every program runs once per round, so that
// other load on the machine affects all of them.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

func main() {
	bin := flag.String("bin", "", "folder with the programs to compare")
	rounds := flag.Int("rounds", 40, "number of runs of each program")
	fleet := flag.Bool("fleet", false, "compare on many targets instead of one")
	flag.Parse()
	measure := run
	if *fleet {
		measure = runFleet
	}
	if err := measure(*bin, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(bin string, rounds int) (err error) {
	cp, err := controlplane.StartProcess(filepath.Join(bin, "controlplane"), "--joinable", "--karmada")
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := cp.Stop(); err == nil {
			err = stopErr
		}
	}()
	work, err := os.MkdirTemp("", "joinctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	groups, err := singleGroups(bin, work, cp)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if err := group.measure(rounds, filepath.Join(bin, "peak")); err != nil {
			return err
		}
	}
	return nil
}

// A group is a list of programs that do the same work. The first is joinctl.
type group struct {
	title    string
	programs []*program
}

// A program is a command line and its measurements.
type program struct {
	name      string
	args      func(round int) []string
	env       []string
	durations []time.Duration
	peak      float64 // peak memory in MiB
}

// measure runs all programs of the group in rounds and prints the median time of each and its ratio to joinctl's.
func (g group) measure(rounds int, peak string) error {
	for round := range rounds + 2 { // two warm-up rounds
		for _, p := range g.programs {
			args := p.args(round)
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = append(os.Environ(), p.env...)
			begin := time.Now()
			if out, err := cmd.Output(); err != nil {
				return fmt.Errorf("%s: %w\n%s", p.name, err, out)
			}
			if round >= 2 {
				p.durations = append(p.durations, time.Since(begin))
			}
		}
	}
	fmt.Printf("\n%s, %d rounds\n", g.title, rounds)
	for _, p := range g.programs {
		if err := p.measureMemory(peak, rounds+2); err != nil {
			return err
		}
	}
	ours := median(g.programs[0].durations)
	for _, p := range g.programs {
		m := median(p.durations)
		fmt.Printf("  %-28s %7.1f ms  %5.2f x ours  %5.1f MB\n", p.name, float64(m.Microseconds())/1000, float64(m)/float64(ours), p.peak)
	}
	return nil
}

// measureMemory measures the peak memory of one run.
func (p *program) measureMemory(peak string, round int) error {
	cmd := exec.Command(peak, p.args(round)...)
	cmd.Env = append(os.Environ(), p.env...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	p.peak = kib / 1024
	return err
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
