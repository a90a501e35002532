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

// TestAnInterruptAtAnyMomentLeavesNoTokenUnprinted stops a create on 200 targets fifty times at random.
func TestAnInterruptAtAnyMomentLeavesNoTokenUnprinted(t *testing.T) {
	wipe(t)
	const size = 200
	path := newKubeconfig(t).live(size).path()
	whole := program.Run(t, path, "token", "create", "--all-contexts")
	if n := strings.Count(whole.OK(t), "\n"); n != size {
		t.Fatalf("%d of %d tokens are printed", n, size)
	}
	wipe(t)
	found := regexp.MustCompile(`\b([a-z0-9]{6})\.[a-z0-9]{16}\b`)
	printed, cut := map[string]bool{}, 0
	for round := range 50 {
		args := []string{"token", "create", "--all-contexts"}
		if round%2 == 1 {
			args = append(args, "-o", "json", "--ttl", "0")
		}
		cmd := program.Command(t, path, args...)
		out := program.Stop(t, cmd, os.Interrupt, rand.N(whole.Took))
		ids := found.FindAllStringSubmatch(out.Stdout, -1)
		for _, id := range ids {
			printed[id[1]] = true
		}
		switch {
		case out.Code != 130 || len(ids) == 0:
		case len(ids) == size: // the last request was sent already: nothing is missing, and nothing may be told as missing
			out.Wants(t, 130, "joinctl: created 200 tokens")
			if strings.Contains(out.Stderr, "joinctl: error: ") {
				t.Errorf("all tokens were made, and stderr is %s", out.Stderr)
			}
		default:
			cut++
			out.Wants(t, 130, "joinctl: error: Interrupted, ")
		}
		if out.Took > whole.Took+5*time.Second {
			t.Errorf("an interrupted run took %s, a whole one %s", out.Took, whole.Took)
		}
	}
	stored := 0
	for i, p := range planes {
		for id := range p.stored(t) {
			stored++
			if !printed[id] {
				t.Errorf("plane %d has token %s, which was never printed", i, id)
			}
		}
	}
	if stored != len(printed) {
		t.Errorf("%d tokens are stored, %d were printed", stored, len(printed))
	}
	if cut < 5 {
		t.Errorf("only %d of 50 runs were cut in the middle: the moments are badly chosen", cut)
	}
	t.Logf("%d tokens, %d runs cut in the middle; a whole run takes %s", stored, cut, whole.Took)
}
