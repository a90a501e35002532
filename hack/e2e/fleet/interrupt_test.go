// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestInterruptLeavesNoUnprintedToken interrupts a create on 200 targets fifty times, each time after a random delay.
func TestInterruptLeavesNoUnprintedToken(t *testing.T) {
	deleteTokens(t)
	const size, rounds = 200, 20
	path := newKubeconfig(t).addLive(size).write()
	complete := program.Run(t, path, "token", "create", "--all-contexts")
	if n := strings.Count(complete.OK(t), "\n"); n != size {
		t.Fatalf("%d of %d tokens are printed", n, size)
	}
	deleteTokens(t)
	found := regexp.MustCompile(`\b([a-z0-9]{6})\.[a-z0-9]{16}\b`)
	printed, partial := map[string]bool{}, 0
	for round := range rounds {
		args := []string{"token", "create", "--all-contexts"}
		if round%2 == 1 {
			args = append(args, "-o", "json", "--ttl", "0")
		}
		cmd := program.Command(t, path, args...)
		out := program.RunAndSignal(t, cmd, os.Interrupt, rand.N(complete.Elapsed))
		ids := found.FindAllStringSubmatch(out.Stdout, -1)
		for _, id := range ids {
			printed[id[1]] = true
		}
		switch {
		case out.Code != 130 || len(ids) == 0:
		case len(ids) == size: // interrupted after the last request: nothing is missing
			out.Expect(t, 130, "joinctl: created 200 tokens")
			if strings.Contains(out.Stderr, "joinctl: error: ") {
				t.Errorf("all tokens were created, but stderr is %s", out.Stderr)
			}
		default:
			partial++
			out.Expect(t, 130, "joinctl: error: Interrupted, ")
		}
		if out.Elapsed > complete.Elapsed+5*time.Second {
			t.Errorf("an interrupted run took %s, a complete run %s", out.Elapsed, complete.Elapsed)
		}
	}
	stored := 0
	for i, p := range controlPlanes {
		for id := range p.tokenIDs(t) {
			stored++
			if !printed[id] {
				t.Errorf("control plane %d has token %s, which was never printed", i, id)
			}
		}
	}
	if stored != len(printed) {
		t.Errorf("%d tokens are stored, %d were printed", stored, len(printed))
	}
	if partial < rounds/10 {
		t.Errorf("only %d of %d runs were interrupted between two tokens: choose other delays", partial, rounds)
	}
	t.Logf("%d tokens, %d runs interrupted between two tokens; a complete run takes %s", stored, partial, complete.Elapsed)
}
