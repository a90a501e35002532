// SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// figures count what histories had.
type figures struct {
	mu                           sync.Mutex
	began                        time.Time
	histories, operations, lists int // lists are operations that only read
	faulty, lost, steps          int // requests that met a fault; operations of which a write did; things that clients were told
	violations                   int
}

// count counts a history. It logs the figures now and then, so that a full run which is stopped leaves some.
func (f *figures) count(t *testing.T, h *history, isViolation bool) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.histories++
	f.faulty += h.faulty
	if isViolation {
		f.violations++
	}
	for _, op := range h.operations {
		f.steps += len(op.steps)
		switch {
		case op.client == "":
			continue // the reading at the end
		case op.task.command == "list":
			f.lists++
		case op.lost:
			f.lost++
		}
		f.operations++
	}
	if f.histories%50 == 0 {
		t.Log(f.row(time.Since(f.began)))
	}
}

// row is the row of docs/reliability.md.
func (f *figures) row(elapsed time.Duration) string {
	return fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %.0f min |", f.operations, f.histories, f.steps, f.faulty, f.lost, f.violations, elapsed.Minutes())
}

// document writes the figures after a full run, and otherwise checks that the document has a place for them.
func (f *figures) document(t *testing.T, write bool, elapsed time.Duration) {
	t.Helper()
	const path = "../../../docs/reliability.md"
	const head = "| operations | histories | answers checked | requests with a fault | writes with a fault | violations | time on two cores |\n|---:|---:|---:|---:|---:|---:|---:|\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(content), head)
	if !found {
		t.Fatalf("%s has no table of histories", path)
	}
	_, rest, _ := strings.Cut(after, "\n")
	if !write {
		return
	}
	if err := os.WriteFile(path, []byte(before+head+f.row(elapsed)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
}
