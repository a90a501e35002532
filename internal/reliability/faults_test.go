// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/faultproxy"
)

// A fault is what happens to one request of a command.
type fault struct{ kind, steps string }

func faults() []fault {
	out := []fault{
		{lost, "drop"},
		{lost, "apply; drop"},
		{lost, "twice; drop"},
		{repeated, "twice"},
		{slow, "delay 100ms; apply"},
		{slow, "delay 10s; apply"},
		{slow, "apply; delay 10s"},
	}
	for _, name := range slices.Sorted(maps.Keys(faultproxy.Answers())) {
		out = append(out, fault{hostile, "answer " + name}, fault{hostile, "apply; answer " + name})
	}
	return out
}

// cuts returns the faults that cut an answer of a size: at so many places, which are distributed over all of it.
func cuts(bytes, places int) (out []fault) {
	for at := 0; at < bytes; at += max(1, bytes/places) {
		out = append(out, fault{cut, fmt.Sprintf("apply; cut %d", at)})
	}
	return out
}

// isPossible reports whether an answer could be true: then the client cannot know better.
func isPossible(request, steps string) bool {
	method, path, _ := strings.Cut(request, " ")
	path, _, _ = strings.Cut(path, " ") // the number of the request
	_, answer, _ := strings.Cut(steps, "answer ")
	switch answer {
	case "status-success":
		return method == "DELETE"
	case "secret-list":
		return method == "GET" && (strings.HasSuffix(path, "/secrets") || path == "**")
	case "not-found":
		return method == "GET" || method == "DELETE" // somebody else has deleted it
	}
	return false
}

func (m *matrix) testFaults(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c)
			w.args[len(w.args)-1], w.limit = "60s", 5*time.Minute // of --request-timeout: a busy machine is no fault
			if r := w.run(t); r.code != c.done || w.wrong(c, r) != "" {
				t.Fatalf("without a fault: exits %d: %s: %s%s", r.code, w.wrong(c, r), r.stdout, r.stderr)
			}
			exchanges := w.proxy.Exchanges()
			if len(exchanges) == 0 {
				t.Fatal("no request passes the proxy")
			}
			count, places, oneIn := map[string]int{}, 40, uint32(1)
			if len(exchanges) > 10 { // setup and doctor send many requests of one kind
				places, oneIn = 8, 12
			}
			for _, exchange := range exchanges {
				count[exchange.Request]++
				request := fmt.Sprintf("%s #%d", exchange.Request, count[exchange.Request])
				for _, f := range append(faults(), cuts(exchange.Bytes, places)...) {
					if rules := request + " " + f.steps; !isPossible(request, f.steps) && m.takes(c.name+rules, 40*oneIn) && isOneIn(rules, oneIn) {
						t.Run(rules, func(t *testing.T) {
							t.Parallel()
							m.runUnder(t, c, f.kind, rules)
						})
					}
				}
			}
		})
	}
}

// runUnder runs a command under rules, and judges it.
func (m *matrix) runUnder(t *testing.T, c command, kind, rules string) {
	t.Helper()
	w := newWorld(t, c)
	w.proxy.Rules(rules)
	r := w.run(t)
	m.judge(t, kind, w.wrong(c, r), r, "joinctl", c.args, "under the rules\n"+rules)
}
