// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A matrix is all runs of the suites: each of them is one command under one fault.
type matrix struct {
	full    bool   // not a sample
	program string // the path of joinctl

	mu              sync.Mutex
	tried, survived map[string]int // by kind
}

// A kind is a row of docs/reliability.md.
type kind struct{ name, about string }

// The kinds of faults, in the order of the document.
const (
	lost         = "request or answer lost"
	repeated     = "request sent twice"
	slow         = "slow request or answer"
	hostile      = "hostile answer"
	cut          = "answer cut"
	combined     = "random combination"
	signals      = "signals"
	descriptors  = "descriptors"
	diskFull     = "disk full"
	fileLimits   = "file limits"
	strangeTexts = "hostile strings"
)

func kinds() []kind {
	return []kind{
		{lost, "the connection is reset before a request is applied or after it, once and twice"},
		{repeated, "a proxy sends one request two times"},
		{slow, "100 ms, or longer than the request timeout, before or after a request is applied"},
		{hostile, "another answer in place of a request or after it: redirects, web pages, other objects, bodies that cannot be read"},
		{cut, "the answer ends at a byte of its header or its body"},
		{combined, "one to three of these faults on random requests of a command"},
		{signals, "one or two interrupts at a random moment of a run that creates or deletes 20 tokens"},
		{descriptors, "stdin, stdout and stderr closed, full, broken or of another kind, in every combination"},
		{diskFull, "no byte or no file more: a file size limit, and a file system without space or inodes"},
		{fileLimits, "16 to 40 open files for a dozen control planes"},
		{strangeTexts, "control, bidirectional and other active characters in names, descriptions and messages, in every output format"},
	}
}

// TestNothingIsLostOrUnnamed runs every suite. The flag -full runs all of them whole, and writes docs/reliability.md.
func TestNothingIsLostOrUnnamed(t *testing.T) {
	m := &matrix{
		full:    flag.Lookup("full").Value.String() == "true",
		program: filepath.Join(t.TempDir(), "joinctl"),
		tried:   map[string]int{}, survived: map[string]int{},
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", m.program, "github.com/joinctl/joinctl/cmd/joinctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Run("suites", func(t *testing.T) {
		t.Run("faults", m.testFaults)
		t.Run("combinations", m.testCombinations)
		t.Run("signals", m.testSignals)
		t.Run("descriptors", m.testDescriptors)
		t.Run("disk full", m.testDiskFull)
		t.Run("file limits", m.testFileLimits)
		t.Run("strings", m.testStrings)
	})
	m.document(t)
}

// takes reports whether a run is part of the sample: one in so many, in a short test one in ten of those.
func (m *matrix) takes(name string, oneIn uint32) bool {
	if testing.Short() {
		oneIn *= 10
	}
	return m.full || isOneIn(name, oneIn)
}

func isOneIn(name string, many uint32) bool { return crc32.ChecksumIEEE([]byte(name))%many == 0 }

// runs returns how many seeded runs a suite has.
func (m *matrix) runs(full, sample int) int {
	switch {
	case m.full:
		return full
	case testing.Short():
		return min(sample, 3)
	}
	return sample
}

// judge counts a run, which survived if nothing is wrong, and shows how it ended if something is.
func (m *matrix) judge(t *testing.T, kind, wrong string, r result, how ...any) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tried[kind]++
	if wrong == "" {
		m.survived[kind]++
		return
	}
	t.Errorf("%s\n%s\nexits %d after %s\nstdout: %s\nstderr: %.4000s", wrong, fmt.Sprintln(how...), r.code, r.elapsed, r.stdout, r.stderr)
}

// document writes the figures after a full run, and otherwise checks that the document has all kinds.
func (m *matrix) document(t *testing.T) {
	const path, head = "../../docs/reliability.md", "| fault | tried | survived | what happens |\n|---|---:|---:|---|\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, old, found := strings.Cut(string(content), head)
	if !found {
		t.Fatalf("%s has no table of figures", path)
	}
	rows := ""
	for _, one := range kinds() {
		row := fmt.Sprintf("| %s | %d | %d | %s |\n", one.name, m.tried[one.name], m.survived[one.name], one.about)
		t.Log(strings.TrimSpace(row))
		_, after, found := strings.Cut("\n"+old, "\n| "+one.name+" | ")
		if !found && !m.full {
			t.Errorf("%s has no row for %q", path, one.name)
		}
		if before, _, _ := strings.Cut(after, "\n"); m.tried[one.name] == 0 && found { // -run selected other suites
			row = "| " + one.name + " | " + before + "\n"
		}
		rows += row
	}
	if !m.full {
		return
	}
	text = strings.Replace(text, "These are the figures of the sample.", "These are the figures of a full run.", 1)
	if err := os.WriteFile(path, []byte(text+head+rows), 0o600); err != nil {
		t.Fatal(err)
	}
}
