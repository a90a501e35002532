// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/faultproxy"
)

// A fault is what happens to one request of a command.
type fault struct{ kind, steps string }

func faults() []fault {
	out := []fault{
		{"lost", "drop"},
		{"lost", "apply; drop"},
		{"lost", "apply; cut 0"},
		{"lost", "twice; drop"},
		{"repeated", "twice"},
		{"slow", "delay 100ms; apply"},
		{"slow", "delay 10s; apply"},
		{"slow", "apply; delay 10s"},
	}
	for _, name := range slices.Sorted(maps.Keys(faultproxy.Answers())) {
		out = append(out, fault{"answered by another", "answer " + name}, fault{"answered by another", "apply; answer " + name})
	}
	for bytes := 1; bytes < 1500; bytes += 61 {
		out = append(out, fault{"cut", fmt.Sprintf("apply; cut %d", bytes)})
	}
	return out
}

// isPossible reports whether an answer could be true: then the client cannot know better.
func isPossible(request, steps string) bool {
	method, path, _ := strings.Cut(request, " ")
	answer, replaced := strings.CutPrefix(steps, "answer ")
	if !replaced {
		_, answer, _ = strings.Cut(steps, "apply; answer ")
	}
	switch answer {
	case "status-success":
		return method == "DELETE"
	case "secret-list":
		return method == "GET" && strings.HasSuffix(path, "/secrets")
	case "not-found":
		return method == "GET"
	}
	return false
}

func TestNoFaultLosesATokenOrItsName(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c)
			if r := w.run(t); r.code != 0 || w.wrong(c, r) != "" {
				t.Fatalf("without a fault: exits %d: %s: %s%s", r.code, w.wrong(c, r), r.stdout, r.stderr)
			}
			for _, request := range numbered(w.proxy.Requests()) {
				for _, f := range faults() {
					if isPossible(request, f.steps) {
						continue
					}
					t.Run(request+" "+f.steps, func(t *testing.T) {
						t.Parallel()
						w := newWorld(t, c)
						w.proxy.Rules(request + " " + f.steps)
						r := w.run(t)
						if wrong := w.wrong(c, r); wrong != "" {
							t.Errorf("%s\nexits %d after %s\nstdout: %s\nstderr: %s", wrong, r.code, r.elapsed, r.stdout, r.stderr)
						}
					})
				}
			}
		})
	}
}

// numbered returns the requests as the rules name them.
func numbered(requests []string) (out []string) {
	count := map[string]int{}
	for _, request := range requests {
		count[request]++
		out = append(out, fmt.Sprintf("%s #%d", request, count[request]))
	}
	return out
}
