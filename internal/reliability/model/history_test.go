// SPDX-License-Identifier: Apache-2.0

package model

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// A history is all operations of some clients.
type history struct {
	operations []*operation
	faulty     int // requests that met a fault
}

// checkTime is how long the check of one history may take.
const checkTime = time.Minute

// nameTokens gives each step the cluster of its token, which other steps tell.
func (h *history) nameTokens() {
	names := map[string]string{}
	for _, op := range h.operations {
		for _, s := range op.steps {
			if s.id != "" && s.name != "" {
				names[s.id] = s.name
			}
			if s.verb == listed {
				for _, one := range s.list {
					names[one.id] = s.name
				}
			}
		}
	}
	for _, op := range h.operations {
		for i, s := range op.steps {
			if s.id != "" {
				op.steps[i].name = names[s.id]
			}
		}
	}
}

// events returns the steps for the checker.
func (h *history) events() (out []porcupine.Operation) {
	h.nameTokens()
	for _, op := range h.operations {
		for _, s := range op.steps {
			one := porcupine.Operation{Input: s, Call: op.called, Return: op.returned}
			if s.isOpen() {
				one.Return = later
			}
			out = append(out, one)
		}
	}
	return out
}

// violation returns what is wrong with a history, "" for nothing.
func (h *history) violation() string {
	for _, op := range h.operations {
		if op.wrong != "" {
			return op.wrong + "\n" + op.String()
		}
	}
	events, model := h.events(), sequential()
	for _, part := range model.Partition(events) {
		if result := porcupine.CheckOperationsTimeout(model, part, checkTime); result != porcupine.Ok {
			return fmt.Sprintf("%s: no order of these steps explains what the clients were told:\n%s", result, shown(part)+h.others(part))
		}
	}
	return ""
}

// shown returns the steps of a cluster in the order of their calls, and the operations that failed or met a fault.
func shown(part []porcupine.Operation) string {
	slices.SortFunc(part, func(x, y porcupine.Operation) int { return cmp.Compare(x.Call, y.Call) })
	var out strings.Builder
	operations := map[*operation]bool{}
	for _, one := range part {
		s := one.Input.(step)
		end := fmt.Sprintf("%8.2f", float64(one.Return)/1e6)
		if one.Return == later {
			end = "    open"
		}
		fmt.Fprintf(&out, "%8.2f %s ms  %s to %s  %-8s %s\n", float64(one.Call)/1e6, end, clock(s.from), clock(s.to), s.by.name(), s)
		operations[s.by] = true
	}
	for _, op := range slices.SortedFunc(maps.Keys(operations), func(x, y *operation) int { return cmp.Compare(x.name(), y.name()) }) {
		if op != nil && (op.code != 0 || op.lost) {
			out.WriteString(op.String())
		}
	}
	return out.String()
}

// others returns the operations that tell something about a token of a part, and of which the part has no step.
func (h *history) others(part []porcupine.Operation) string {
	var out strings.Builder
	for _, op := range h.operations {
		isOther := !slices.ContainsFunc(part, func(one porcupine.Operation) bool { return one.Input.(step).by == op })
		if isOther && slices.ContainsFunc(part, func(one porcupine.Operation) bool {
			id := one.Input.(step).id
			return id != "" && strings.Contains(strings.Join(op.args, " ")+op.stdout+op.stderr, id)
		}) {
			out.WriteString("another one: " + op.String())
		}
	}
	return out.String()
}

func (o *operation) name() string {
	if o == nil {
		return ""
	}
	return o.client
}

func (o *operation) String() string {
	return fmt.Sprintf("%s at %.2f ms: %s exits %d\n%s%s", o.name(), float64(o.called)/1e6, strings.Join(o.args, " "), o.code, o.stdout, o.stderr)
}

// The size of a history. A full run has so many operations in all.
const (
	concurrent = 4  // clients
	each       = 15 // operations of one client
	fullRun    = 100_000
)

// TestClientsAreToldWhatASequentialModelExplains runs histories. The name of a test is the seed of its random numbers; the order in
// which requests arrive is that of the machine. The flag -full runs 100,000 operations and writes docs/reliability.md.
func TestClientsAreToldWhatASequentialModelExplains(t *testing.T) {
	full := flag.Lookup("full").Value.String() == "true"
	if testing.Short() && !full {
		t.Skip("it takes seconds, and the tests of the checker do not")
	}
	histories := 6
	if full {
		histories = fullRun/(concurrent*each) + 1
	}
	began := time.Now()
	sum := figures{began: began}
	t.Run("seeds", func(t *testing.T) {
		for seed := range histories {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				h := newWorld(t, uint64(seed), concurrent).run(each)
				wrong := h.violation()
				if wrong != "" {
					t.Errorf("seed %d: %s", seed, wrong)
				}
				sum.count(t, h, wrong != "")
			})
		}
	})
	t.Logf("%s after %s", sum.row(time.Since(began)), time.Since(began))
	if sum.faulty == 0 || sum.lists < sum.operations/50 {
		t.Error("no request met a fault, or nothing was listed: this proves nothing")
	}
	sum.document(t, full && !t.Failed() && sum.histories == histories, time.Since(began))
}
